"""A question about something that happens -> its seconds, from the boxes of one video.

What happens to each thing is found with its second (`svqa.temporal.track_events`). The question
says what is done, by its verb, and who does it, by the words before the verb; a thing that was
called by several names fits by each as much as it was called so. Nothing here knows more of the
world than these verbs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.language.question_parser import plain
from svqa.language.tokenization import content_stems, stem, words
from svqa.records import Detection
from svqa.temporal.track_events import TrackEvent, track_events_of
from svqa.temporal.tracks import Track, tracks_of

BESIDE_S = 0.5  # what has to be seen before and after something happens, to see it happen
LEAST_FIT = 0.6  # of a name: half the words right is another thing
VERBS = {  # kind of change -> words that ask for it
    "appears": "appear arrive enter emerge",
    "vanishes": "vanish disappear leave exit",
    "changes colour": "change become",
    "changes": "change become",
    "stops": "stop halt",
    "starts": "start begin",
    "turns": "turn",
    "meets": "meet touch reach hit",
}
_STEMS = {kind: {stem(word) for word in asked.split()} for kind, asked in VERBS.items()}
_VIEW = r"(?:the )?(?:picture|frame|shot|view|sight|scene|image|video)"
_PHRASES = (  # how people say it in more than a verb
    (re.compile(rf"\b\w+ out of {_VIEW}"), "leave"),
    (re.compile(r"\b(?:goes|go|runs?|walks?|moves?|drives?) (?:away|off|out)\b"), "leave"),
    (re.compile(rf"\b\w+ into {_VIEW}"), "appear"),
    (re.compile(r"\b(?:comes? in|shows? up|comes? up|turns? up)\b"), "appear"),
)
_NAMED_S = 1.0  # a thing is called what it was called in so many seconds before something happens


@dataclass(frozen=True)
class GroundedEvent:
    """The seconds that show an event, the sentence that says what, how well its thing fits, 0 to 1.

    `[start_s, end_s)`; the fit is to the question's words.

    `text` is "" where the seconds are a thing's whole life: all of it has to be seen to say that
    nothing happens to it.
    """

    start_s: float
    end_s: float
    text: str
    fit: float


class EventGrounder:
    """What happens in one video, from its boxes at the times `t_s (T,)`, evenly spaced.

    >>> xyxy_px = (10.0, 0.0, 30.0, 20.0)
    >>> boxes = [Detection("red ball", 0.9, xyxy_px, i / 2, "m") for i in range(3, 20)]
    >>> EventGrounder(boxes, np.arange(0, 10, 0.5)).find("when does the red ball appear?")[0].text
    'the red ball appears'
    """

    def __init__(self, boxes: Sequence[Detection], t_s: np.ndarray):
        step_s = float(np.median(np.diff(t_s)))
        self.end_s = float(t_s[-1]) + step_s
        self.tracks = tracks_of(boxes)
        self.track_events = track_events_of(
            self.tracks, start_s=float(t_s[0]), end_s=float(t_s[-1]), step_s=step_s
        )

    def find(self, question: str) -> list[GroundedEvent]:
        """-> the seconds of what the question says happens, one for each of its clauses.

        "which is first: A or B?" has two.

        Best fit by name among the changes its verb asks for. "Does A change colour?" where A does
        not: the whole of A's track. Nothing for a clause without a known verb or without a thing
        that fits.
        """
        return [found for clause in clauses_of(question) if (found := self._one(clause))]

    def tracks_of(self, who: frozenset[str]) -> list[int]:
        """-> which of `tracks` are mostly called by all these stems, whatever else they are called.

        Without stems all.
        """
        return [i for i, track in enumerate(self.tracks) if _share_called(track, who) >= 0.5]

    def _one(self, clause: str) -> GroundedEvent | None:
        kinds, who, whom = read_clause(clause)
        if not kinds:
            return None
        asked = [
            (self._fit(c, who, whom), -i, c)
            for i, c in enumerate(self.track_events)
            if c.kind in kinds
        ]
        fit, _, best = max(asked, default=(0.0, 0, None))
        if best is not None and (fit >= LEAST_FIT or (fit > 0 and not clause.startswith("does "))):
            return GroundedEvent(
                max(0.0, best.t_s - BESIDE_S),
                min(self.end_s, best.t_s + BESIDE_S),
                best.text,
                min(fit, 1.0),
            )
        fits = [name_fit(track, who) for track in self.tracks]
        if not fits or max(fits) == 0:
            return None
        track = self.tracks[int(np.argmax(fits))]
        return GroundedEvent(
            float(track.t_s[0]), min(self.end_s, float(track.t_s[-1])), "", max(fits)
        )

    def _fit(self, change: TrackEvent, who: frozenset[str], whom: frozenset[str]) -> float:
        track = self.tracks[change.track]
        first, last = float(track.t_s[0]), change.t_s
        if change.kind == "appears":
            first, last = change.t_s, change.t_s + _NAMED_S
        fit = name_fit(track, who, max(first, last - _NAMED_S), last)
        return fit + 0.25 * (_overlap(change.other, whom) if whom and change.other else 0.0)


def clauses_of(question: str) -> list[str]:
    """-> what the question says happens, one clause each.

    >>> clauses_of("which happens first: the red ball stops or the cat appears?")
    ['the red ball stops', 'the cat appears']
    """
    told = plain(question).rpartition(":")[2]
    return (
        [part.strip() for part in re.split(r"\bor\b", told)] if ":" in question else [told.strip()]
    )


def read_clause(clause: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """-> (kinds of change its last verb asks for, stems of who does it, stems of what follows it).

    >>> kinds, who, whom = read_clause("when does the red ball meet the cat")
    >>> sorted(kinds), sorted(who), sorted(whom)
    (['meets'], ['ball', 'red'], ['cat'])
    """
    for said_so, verb_word in _PHRASES:
        clause = said_so.sub(verb_word, clause)
    said = words(clause)
    at = [i for i, word in enumerate(said) if any(stem(word) in asked for asked in _STEMS.values())]
    if not at:
        return frozenset(), frozenset(), frozenset()
    verb = at[-1]
    kinds = {kind for kind, asked in _STEMS.items() if stem(said[verb]) in asked}
    if {"colour", "color"} & set(said):
        kinds &= {"changes colour"}
    who, whom = (
        frozenset(content_stems(" ".join(part))) for part in (said[:verb], said[verb + 1 :])
    )
    return frozenset(kinds), who, whom


def name_fit(
    track: Track, who: frozenset[str], start_s: float = -np.inf, end_s: float = np.inf
) -> float:
    """-> 0 to 1: how much of what a thing was called between two seconds is in `who`.

    Weighted by the scores of the boxes.
    """
    there = (track.t_s >= start_s - 1e-6) & (track.t_s <= end_s + 1e-6)
    weights = track.scores * there
    overlaps = np.array([_overlap(label, who) for label in track.labels])
    return float(overlaps @ weights / weights.sum()) if weights.sum() > 0 else 0.0


def _share_called(track: Track, who: frozenset[str]) -> float:
    called = np.array([who <= set(content_stems(label)) for label in track.labels])
    return float(called @ track.scores / track.scores.sum()) if track.scores.sum() > 0 else 0.0


def _overlap(label: str, who: frozenset[str]) -> float:
    stems = set(content_stems(label))
    return len(stems & who) / len(stems) if stems else 0.0
