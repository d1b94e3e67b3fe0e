"""A question about something that happens -> its answer in words, told from what boxes show.

With options, one of them.

Single frames cannot tell when, in what order, which way, or how often in a whole video. Where the
boxes cannot either, nothing is told and the question is left to those who look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.answering.event_grounding import (
    BESIDE_S,
    EventGrounder,
    GroundedEvent,
    clauses_of,
    read_clause,
)
from svqa.language.question_parser import plain
from svqa.language.tokenization import content_stems, stem, words
from svqa.temporal.track_events import STILL, direction_of

_MOVES = {stem(word) for word in "move go travel drive fly run walk".split()}
_ANYTHING = {stem(word) for word in "many object thing item way direction".split()}
_BEING = {"seen", "visible", "there", "are", "is"}
_WHOLE = re.compile(
    r"\b(?:in|during|throughout) the (?:whole |entire "
    r")?(?:video|clip)\b|\baltogether\b|\bin total\b"
)
_SECONDS = re.compile(r"(?:at |after )?(?:(\d+):)?(\d+(?:\.\d+)?) ?(s|sec|seconds?)?")


@dataclass(frozen=True)
class EventAnswer:
    """`text`, the `option` that says so (None without options), and what it rests on, by time."""

    text: str
    events: tuple[GroundedEvent, ...]
    option: int | None = None


def answer_from_events(
    seen: EventGrounder, question: str, options: Sequence[str] = ()
) -> EventAnswer | None:
    """-> what the boxes say; None where they do not tell, or say what is none of the options.

    Told are questions that ask for a second ("when does ..."), which of some came first or last,
    whether and into what a colour changes, which way something moves or turns, and how many do so
    in the whole video. Where one clause of the question is not found, nothing is told.

    >>> from svqa.records import Detection
    >>> xyxy_px = (10.0, 0.0, 30.0, 20.0)
    >>> boxes = [Detection("red ball", 0.9, xyxy_px, i / 2, "m") for i in range(3, 20)]
    >>> seen = EventGrounder(boxes, np.arange(0, 10, 0.5))
    >>> answer_from_events(seen, "when does the red ball appear?").text
    'at 1.2 s'
    >>> answer_from_events(seen, "when does the red ball appear?", ("7 s", "1 s")).option
    1
    """
    asked = plain(question)
    if asked.startswith("how many "):
        told = _number(seen, asked)
    elif heading := re.match(r"(?:in )?(?:which|what) (?:way|direction) (.*)", asked):
        told = _heading(seen, heading[1]) or _happened(seen, question, asked)
    else:
        told = _happened(seen, _with_clauses(question, options), asked)
    if told is None or not options:
        return told
    option = chosen(told.text, options)
    return None if option is None else EventAnswer(options[option], told.events, option)


def chosen(text: str, options: Sequence[str]) -> int | None:
    """-> the option that says the same: the nearest where all are seconds, else the same words.

    None where none does.

    >>> chosen("at 3.2 s", ["1 s", "3 s", "0:07"]), chosen("2", ["1", "2"])
    (1, 1)
    >>> chosen("left", ["up", "down"])  # None
    """
    told, offered = _seconds(text), [_seconds(option) for option in options]
    times = [t for t in offered if t is not None]
    if told is not None and len(times) == len(options):
        return int(np.argmin([abs(told - t) for t in times]))
    same = [i for i, option in enumerate(options) if plain(option) == plain(text)]
    return same[0] if len(same) == 1 else None


def _happened(seen: EventGrounder, question: str, asked: str) -> EventAnswer | None:
    """When, in what order, and what became of a colour."""
    clauses, found = clauses_of(question), seen.find(question)
    if not found or len(found) < len(clauses):
        return None
    by_time = tuple(sorted(found, key=lambda h: h.start_s))
    first, said = by_time[0], set(words(asked))
    if len(found) > 1:
        order = (
            by_time[0]
            if {"first", "earlier"} & said
            else by_time[-1]
            if {"last", "later"} & said
            else None
        )
        return (
            EventAnswer(clauses[found.index(order)], by_time)
            if order and all(h.text for h in found)
            else None
        )
    if asked.startswith("does ") and {"colour", "color"} & said:
        return EventAnswer("yes" if first.text else "no", by_time)
    if not first.text:
        return None
    if asked.startswith("when "):
        return EventAnswer(f"at {(first.start_s + first.end_s) / 2:.1f} s", by_time)
    if re.match(r"(?:in )?(?:which|what) (?:way|direction) ", asked) and {"turns", "starts"} & set(
        first.text.split()
    ):
        return EventAnswer(first.text.split()[-1], by_time)
    if asked.startswith(("what colour ", "what color ")):
        return EventAnswer(first.text.rpartition(" to ")[2].split()[0], by_time)
    return None


def _heading(seen: EventGrounder, clause: str) -> EventAnswer | None:
    """Which way something moves, until its path bends.

    None for another verb, or for what stands still.
    """
    said = words(clause)
    at = next((i for i, word in enumerate(said) if stem(word) in _MOVES), None)
    who = None if at is None else _who(said[:at])
    tracks = seen.tracks_of(who) if who else []
    if not tracks:
        return None
    track = seen.tracks[tracks[0]]
    start_s = float(track.t_s[0])
    bent_s = [
        c.t_s
        for c in seen.track_events
        if c.track == tracks[0] and c.kind in ("turns", "stops", "meets")
    ]
    end_s = min([float(track.t_s[-1]), *bent_s])
    way = track.at(end_s) - track.at(start_s)
    if np.hypot(*way) <= STILL * float(np.median(track.size_px)) * max(end_s - start_s, 1.0):
        return None
    return EventAnswer(direction_of(way), (GroundedEvent(start_s, end_s, "", 1.0),))


def _number(seen: EventGrounder, asked: str) -> EventAnswer | None:
    """How many things do something, or are seen at all, in the whole video."""
    whole = _WHOLE.search(asked)
    clause = asked[: whole.start()] if whole else ""
    before = words(clause)
    verbs = [i for i, word in enumerate(before) if read_clause(word)[0]]
    if not verbs and not set(before) & _BEING:
        return None
    who = _who([word for word in (before[: verbs[-1]] if verbs else before) if word not in _BEING])
    those = seen.tracks_of(who)
    if who and not those:
        return None  # what no box was ever called may still be there
    if verbs:
        kinds, *_ = read_clause(clause)
        did = {
            c.track: c for c in reversed(seen.track_events) if c.kind in kinds and c.track in those
        }
        shown = [
            GroundedEvent(
                max(0.0, c.t_s - BESIDE_S), min(seen.end_s, c.t_s + BESIDE_S), c.text, 1.0
            )
            for c in did.values()
        ]
    else:
        shown = [
            GroundedEvent(float(seen.tracks[i].t_s[0]), float(seen.tracks[i].t_s[-1]), "", 1.0)
            for i in those
        ]
    by_time = tuple(sorted(shown, key=lambda h: h.start_s)) or (
        GroundedEvent(0.0, seen.end_s, "", 1.0),
    )
    return EventAnswer(str(len(shown)), by_time)


def _who(said: Sequence[str]) -> frozenset[str]:
    return frozenset(content_stems(" ".join(said))) - _ANYTHING


def _with_clauses(question: str, options: Sequence[str]) -> str:
    """`Which happens first?` takes its clauses from the options.

    "what happens when the bell first rings?" does not.
    """
    asks_order = words(question)[-1:] in (["first"], ["last"])
    if len(options) > 1 and asks_order and all(read_clause(option)[0] for option in options):
        return f"{question.rstrip(' ?')}: {' or '.join(options)}"
    return question


def _seconds(text: str) -> float | None:
    """`3 s`, `at 1.5 seconds` or `0:07` -> seconds.

    None for other words, a bare number among them.
    """
    found = _SECONDS.fullmatch(text.strip().lower())
    if not found or not (found[1] or found[3]):
        return None
    return 60 * float(found[1] or 0) + float(found[2])
