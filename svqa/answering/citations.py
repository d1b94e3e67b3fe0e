"""Lines -> what an answer quotes and cites, seconds as a clock shows them, a film in its parts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from svqa.answering.sentence_scoring import Lines
from svqa.language.caption_templates import listed, with_article
from svqa.language.tokenization import content_stems, words
from svqa.records import Evidence

MOST_EVIDENCE = 3
NOTHING = "Nothing was seen or heard to answer from: no caption and no speech."
LINGER_S = 2.0  # what is said so soon after a sentence belongs to it
SHORT_WORDS = 6  # a sentence so short says little without the next
MOST_CHAPTERS, CHAPTER_S, LASTING_S = 5, 5.0, 1.0

_OVERVIEW = frozenset(
    "happen go video show shown see visibl clip film movi describ scene pictur thing content "
    "footag hear record summaris summar summari overview".split()
)
_FILMED = frozenset(content_stems("film shoot shot place take set play recording"))
_SETTINGS = frozenset(
    content_stems(
        "indoors outdoors inside outside indoor outdoor city town village countryside country day "
        "night daytime nighttime beach forest mountains street room"
    )
)
_ACTION = re.compile(r"^(?!We (see|may|probably)\b).*\b\w{3,}ing\b")
_ENDS = re.compile(
    r"\b(no longer|not|never|stops?|stopped|disappears?|gone|vanish\w*|leaves?|left|ends?)\b"
)
_OF_A_PART = frozenset("where who whom whose when which how why".split())


def cite(found: np.ndarray, lines: Lines, passages: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """-> the few passages an answer rests on, best first, scored by their support.

    Those within a fifth of the best.
    """
    kept: dict[int, float] = {}
    for i in np.argsort(-found, kind="stable"):
        owner = int(lines.owners[i])
        if found[i] < 0.8 * found.max() or len(kept) == MOST_EVIDENCE:
            break
        kept.setdefault(owner, float(np.clip(found[i], 0, 1)))
    return tuple(replace(passages[owner], score=score) for owner, score in kept.items())


def clock_span(evidence: Sequence[Evidence]) -> str:
    """-> the best passage's seconds, stretched over the other evidence that touches it."""
    best = evidence[0]
    start_s, end_s = best.start_s, best.end_s
    for other in sorted(evidence[1:], key=lambda e: abs(e.start_s - best.start_s)):
        touches = other.start_s <= end_s + 1e-6 and other.end_s >= start_s - 1e-6
        if other.video == best.video and touches:
            start_s, end_s = min(start_s, other.start_s), max(end_s, other.end_s)
    return clock(start_s, end_s)


def stretch(found: np.ndarray, lines: Lines) -> tuple[float, float]:
    """-> from when to when the best line, and those beside it that fit nearly as well, go on."""
    start_s, end_s = lines.spans[int(np.argmax(found))].tolist()
    fits = lines.spans[found >= 0.8 * found.max()]
    for first, last in sorted(fits.tolist(), key=lambda span: abs(span[0] - start_s)):
        if first <= end_s + 1e-6 and last >= start_s - 1e-6:
            start_s, end_s = min(start_s, first), max(end_s, last)
    return start_s, end_s


def closest(found: np.ndarray, needed: float, lines: Lines) -> str:
    """-> what the best line is and, where it is not near enough, what would be, in words."""
    best = int(np.argmax(found))
    what = "heard" if lines.spoken[best] else "seen"
    short = f"; {needed:.2f} or more is needed" if found[best] < needed else ""
    return (
        f'The closest thing {what} is "{lines.texts[best]}" at {clock(*lines.spans[best])}, '
        f"which matches by {found[best]:.2f}{short}."
    )


def in_turn(lines: Lines, which: str) -> np.ndarray:
    """-> (N,) in 0.9 to 1: the first lines highest, or the last where `which` is "last"."""
    order = np.argsort(lines.spans[:, 0], kind="stable")
    ranks = np.empty(len(lines))
    ranks[order if which == "last" else order[::-1]] = np.linspace(0.9, 1, len(lines))
    return ranks


def clock(start_s: float, end_s: float) -> str:
    """-> `0:05-0:10`, to the nearest second; one time where both are the same."""
    first, last = math.floor(start_s), round(end_s)
    clock = [f"{t // 60}:{t % 60:02d}" for t in (first, last)]
    return clock[0] if last <= first else "-".join(clock)


def quote(lines: Lines, best: int) -> str:
    """-> a sentence that was said, with the next one where it asks something or is short."""
    text, after = lines.texts[best], best + 1
    if not (text.endswith("?") or len(text.split()) < SHORT_WORDS) or after >= len(lines):
        return text
    soon = lines.spans[after, 0] - lines.spans[best, 1] <= LINGER_S
    return f"{text} {lines.texts[after]}" if soon and lines.spoken[after] else text


def row_that_tells(text: str, lines: Lines, best: int) -> str:
    """-> a row that was read, and the next one where it only repeats the question: "Made with"."""
    row, after = lines.texts[best], best + 1
    repeats = lines.stems[best] <= set(content_stems(text))
    if not repeats or after >= len(lines) or lines.owners[after] != lines.owners[best]:
        return row
    return f"{row} {lines.texts[after]}"


def asks_for_all(text: str) -> bool:
    """Whether a question without content asks what a film shows: not where, who, when or which.

    >>> asks_for_all("What happens in this video?"), asks_for_all("Where is it?")
    (True, False)
    """
    said = words(text)
    return bool(said) and said[0] not in _OF_A_PART and set(content_stems(text)) <= _OVERVIEW


def asks_for_setting(text: str) -> bool:
    """Whether a "where" asks for the place of the film, and of no thing in it.

    >>> asks_for_setting("where was this filmed"), asks_for_setting("where is the cup")
    (True, False)
    """
    return set(content_stems(text)) <= _OVERVIEW | _FILMED


def asks_for_a_name(text: str) -> bool:
    """Whether it asks who somebody is, or what they are called.

    >>> asks_for_a_name("who is speaking"), asks_for_a_name("what is the name of the film")
    (True, False)
    """
    return bool(re.match(r"who\b|what (?:is|was) (?:his|her|their|[\w ]+'s) name$", text))


def asks_for_an_end(text: str) -> bool:
    """Whether a "when" asks when something is no longer so, which what is there does not tell."""
    return bool(_ENDS.search(text))


def acting(lines: Lines) -> np.ndarray:
    """-> (N,) whether each line is a caption that names an action."""
    named = np.array([bool(_ACTION.search(text)) for text in lines.texts], dtype=bool)
    return named & ~lines.spoken & ~lines.written


def are_settings(alternatives: Sequence[str]) -> bool:
    """Whether all are surroundings, of which everything that is seen says a little.

    >>> are_settings(["city", "in the countryside"]), are_settings(["a piano", "a violin"])
    (True, False)
    """
    return all(set(content_stems(text)) <= _SETTINGS for text in alternatives)


@dataclass(frozen=True)
class Overview:
    """What a film shows, part by part, how sure that is, and what it rests on."""

    text: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Chapter:
    """A part of a film: its seconds, the things seen in it, what is told, read and said there."""

    start_s: float
    end_s: float
    things: tuple[str, ...]
    caption: str = ""
    read: str = ""
    said: str = ""

    @property
    def text(self) -> str:
        """What is there in words: `a dog and a person; text: "Exit"`."""
        things = [with_article(thing) for thing in self.things]
        told = [self.caption or (listed(things, "and") if things else "")]
        told += [f'text: "{self.read}"'] if self.read else []
        told += [f'said: "{self.said}"'] if self.said else []
        return "; ".join(part for part in told if part)


def overview_of(lines: Lines, passages: Sequence[Evidence]) -> Overview | str:
    """-> the film in its parts, from what is sure, or why there is nothing to tell.

    `passages` are those of the lines, and stretches of things that boxes show, by name.
    """
    seen = [p for p in passages if p.kind == "visual"]
    sure = lines[(lines.sureness >= 1) | lines.spoken | lines.written]
    chapters = chapters_of(sure, seen)
    if not chapters and len(lines):
        best = int(np.argmax(lines.sureness))
        return f'Nothing was seen surely; the closest is "{lines.texts[best]}".'
    if not chapters:
        return NOTHING
    told = [f"{clock(c.start_s, c.end_s)} {c.text}" for c in chapters]
    rests_on = sorted((*seen, *(passages[i] for i in set(sure.owners))), key=lambda e: e.start_s)
    scores = [e.score for e in seen] or [float(sure.sureness.mean())]
    cited = tuple(replace(e, score=min(max(e.score, 0.0), 1.0)) for e in rests_on[:MOST_EVIDENCE])
    return Overview("; ".join(told), float(np.clip(np.mean(scores), 0, 1)), cited)


def chapters_of(lines: Lines, seen: Sequence[Evidence]) -> list[Chapter]:
    """The film in at most five parts, in order; parts of which nothing is known are left out.

    Parts begin where other things are seen. Without any, the caption most like the others tells;
    the text that is shown longest and the sentence most like the others stand for the rest.
    """
    ends = [*(e.end_s for e in seen), *lines.spans[:, 1].tolist()]
    if not ends:
        return []
    end_s = max(ends)  # a last part of less than a second belongs to the one before
    starts = np.arange(0, max(end_s - LASTING_S, LASTING_S), CHAPTER_S).tolist()
    until = [*starts[1:], end_s]
    cells = [Chapter(a, b, _things_in(seen, a)) for a, b in zip(starts, until, strict=True)]
    while (pair := _to_join(cells)) is not None:
        first, second = cells[pair : pair + 2]
        longer = max(first, second, key=lambda cell: cell.end_s - cell.start_s)
        cells[pair : pair + 2] = [Chapter(first.start_s, second.end_s, longer.things)]
    pictured = ~lines.spoken & ~lines.written
    chapters = []
    for cell in cells:
        there = (lines.spans[:, 0] < cell.end_s) & (lines.spans[:, 1] > cell.start_s)
        middles = lines.spans.mean(axis=1)
        within = (middles >= cell.start_s) & (middles < cell.end_s)
        shown = np.where(lines.written & there, lines.seconds, 0)
        chapter = replace(
            cell,
            caption=""
            if cell.things
            else _typical(lines[pictured & within]).rstrip(". ").removeprefix("We see "),
            read=lines.texts[int(np.argmax(shown))] if shown.any() else "",
            said=_typical(lines[lines.spoken & within]),
        )
        chapters += [chapter] if chapter.text else []
    return chapters


def _things_in(seen: Sequence[Evidence], start_s: float) -> tuple[str, ...]:
    """What is there for a second at least, longest first: one look may be wrong."""
    seconds: dict[str, float] = {}
    for e in seen:
        inside_s = min(e.end_s, start_s + CHAPTER_S) - max(e.start_s, start_s)
        seconds[e.text] = seconds.get(e.text, 0.0) + max(0.0, inside_s)
    lasting = [thing for thing, inside_s in seconds.items() if inside_s >= LASTING_S]
    return tuple(sorted(lasting, key=lambda thing: -seconds[thing])[:3])


def _to_join(cells: Sequence[Chapter]) -> int | None:
    """-> the first of two neighbours that become one: alike, or the shortest of too many."""
    alike = [i for i in range(len(cells) - 1) if set(cells[i].things) == set(cells[i + 1].things)]
    if alike or len(cells) <= MOST_CHAPTERS:
        return alike[0] if alike else None
    lengths = [cells[i + 1].end_s - cells[i].start_s for i in range(len(cells) - 1)]
    return int(np.argmin(lengths))


def _typical(lines: Lines) -> str:
    """The line most like all the others, "" of none."""
    if not len(lines):
        return ""
    return lines.texts[int(np.argmax(lines.vectors @ lines.vectors.mean(axis=0)))]
