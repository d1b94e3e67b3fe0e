"""What lines tell by themselves: what was read, what comes first, how long a list is, chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from svqa.answering.answer_extraction import (
    colour_of,
    nearest_phrases,
    number_in,
    with_bracket,
)
from svqa.answering.citations import MOST_EVIDENCE, clock
from svqa.answering.sentence_scoring import Lines, support
from svqa.language.caption_templates import listed, with_article
from svqa.language.question_parser import ParsedQuestion, statement_of
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.base import TextEncoder
from svqa.records import Evidence

# a line that fits the question's words: answers 79 % of NExT-QA questions from their own captions,
# 15 % from another video's
MIN_SUPPORT = 0.40
# nearness of a phrase to the sort of thing asked for: a bear is 0.52 from "animal", a river 0.34
MIN_KIND = 0.45
MIN_YES = 0.50  # a "yes" needs the thing itself, not something like it
MIN_SAME = 0.80  # two phrases this near mean one thing: a car and an automobile
# A vector tells a kind from what is not of it (a bear is an animal), but not two of a kind apart (a
# dog is near a cat).
_KINDS = frozenset(
    "animal vehicle instrument food fruit vegetable clothing furniture tool building plant".split()
)
LINGER_S = 2.0  # what is said so soon after a sentence belongs to it
SHORT_WORDS = 6  # a sentence so short says little without the next
MOST_CHAPTERS, CHAPTER_S = 5, 5.0
MOST_ROWS, MIN_READ = 8, 0.3  # of a reading that is given whole, and how sure it then is
_TITLE = re.compile(r"\b(titled?|headline|name of)\b")
_BRAND = re.compile(r"\b(brand|make of|logo|company)\b")  # often part of a longer line
_PRICE = re.compile(r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|dollars?|euros?|pounds?)", re.IGNORECASE)
_ADVERTISED = re.compile(r"\b(ad|advert|advertisement|commercial|advertised|product)\b")
_NUMBERED = re.compile(r"^\(?(\d{1,2})[.):]\s*\D")
_LISTED = frozenset(
    content_stems(
        "step tip point item reason way rule thing mistake fact part trick idea lesson topic method"
    )
)


@dataclass(frozen=True, eq=False)
class Reading:
    """The words that answer, how sure, and how much each line `(N,)` supports them."""

    text: str
    score: float
    found: np.ndarray


def reading_for(text: str, lines: Lines, encoder: TextEncoder) -> Reading | str:
    """-> what the picture reads, or why nothing of it answers. `text` is plain lower case.

    The line that fits the question's words; where none does, what was asked about may be any of
    them, so the whole reading is given. A title is the first row of what is shown longest, a price
    needs a currency.
    """
    lines = lines[lines.written] if not lines.written.all() else lines
    if not len(lines):
        return "The question is about text in the picture, and none was read."
    found = support(lines, text, encoder)
    if text.startswith("how much"):
        priced = np.array([bool(_PRICE.search(line)) for line in lines.texts])
        if not priced.any():
            return "No price was read in the picture."
        found = np.where(priced, np.maximum(found, MIN_SUPPORT), 0)
    if _TITLE.search(text):
        first = np.append(True, lines.owners[1:] != lines.owners[:-1])
        found = np.where(first, lines.seconds, 0)
        found = found / max(found.max(), 1e-9)
    if _ADVERTISED.search(text):  # advertisements end with what they are for
        found = np.where(lines.spans[:, 1] == lines.spans[:, 1].max(), 1.0, 0)
    best = int(np.argmax(found))
    rows = [lines.texts[i] for i in np.flatnonzero(lines.owners == lines.owners[best])]
    named = _BRAND.search(text) or _ADVERTISED.search(text)
    whole = len(rows) > 1 and (found[best] < MIN_SUPPORT or bool(named))
    said = " ".join(rows[:MOST_ROWS]) if whole else lines.texts[best]
    return Reading(said, max(float(found[best]), MIN_READ), found)


def order_of(text: str, lines: Lines, encoder: TextEncoder) -> Reading | str:
    """-> `before` or `after`, or why neither can be said. `text`: "is A before or after B"."""
    asked, _, other = text.partition(" before or after ")
    found = [support(lines, part, encoder) for part in (statement_of(asked), other)]
    if min(f.max() for f in found) < MIN_SUPPORT:
        return "One of the two was not found, so neither can be said to come first."
    best = [int(np.argmax(f)) for f in found]
    first_s, second_s = (lines.spans[i][0] for i in best)
    if first_s == second_s:
        return "Both are found in the same seconds, so neither comes first."
    score = float(min(f.max() for f in found))
    rests_on = np.where(np.isin(np.arange(len(lines)), best), score, 0)
    return Reading("before" if first_s < second_s else "after", score, rests_on)


def likeness(about: str, lines: Lines, encoder: TextEncoder) -> np.ndarray:
    """-> (N,) how well each line says that something is there or so; a thing by its own name.

    "Is there a dog" is not answered by an animal, nor "is there an animal" by a dog's name alone.
    """
    found = support(lines, about, encoder)
    if not 1 <= len(content_stems(about)) <= 2:
        return found
    near, phrases = nearest_phrases(lines.texts, about, encoder)
    found = np.maximum(found, near * lines.sureness)
    if words(about)[-1].removesuffix("s") in _KINDS:
        return found
    told = np.array([content_stems(about)[-1] in stems for stems in lines.stems])
    only_kind = np.array([bool(_KINDS & set(words(phrase)[-1:])) for phrase in phrases])
    said = told | (near >= MIN_SAME) & ~only_kind  # "an animal" does not say that it is a dog
    return np.where(said, found, np.minimum(found, MIN_YES - 0.01))


def nearest_kind(
    focus: str, lines: Lines, encoder: TextEncoder, found: np.ndarray
) -> Reading | None:
    """Which animal: the phrase that is nearest to the kind and fits the question; None if none."""
    kind = frozenset(content_stems(focus))
    near, phrases = nearest_phrases(lines.texts, focus, encoder, beyond=kind)
    near = near * lines.sureness
    if near.max() < MIN_KIND:
        return None
    best = int(np.argmax(np.where(near >= MIN_KIND, near + found, 0)))
    fit = np.where(near >= MIN_KIND, (near + found) / 2, 0)
    return Reading(with_bracket(phrases[best], lines.texts[best]), float(near[best]), fit)


def colour_told(form: ParsedQuestion, found: np.ndarray, lines: Lines) -> Reading | None:
    """The colour that the fitting line gives the thing; None where no line does."""
    thing = frozenset(content_stems(form.main)) - {stem(w) for w in words(form.focus)}
    colours = [colour_of(line, thing) for line in lines.texts]
    found = np.where([bool(colour) for colour in colours], found, 0)
    if not any(colours):
        return None
    return Reading(colours[int(np.argmax(found))], float(found.max()), found)


def count_told(noun: str, found: np.ndarray, lines: Lines) -> Reading | None:
    """The number that most lines give; None where no line gives one."""
    counts = [number_in(line, noun) for line in lines.texts]
    told = [count for count in counts if count is not None]
    if not told:
        return None
    values, votes = np.unique(told, return_counts=True)
    number = str(values[np.argmax(votes)])
    agreeing = np.array([count == number for count in counts])
    return Reading(number, float(votes.max() / votes.sum()), np.where(agreeing, found, 0))


def numbered_items(noun: str, lines: Lines) -> Reading | None:
    """How many steps, tips, points: the last number of a list that was read, "1. ... 2. ...".

    None where the noun is nothing that is listed, or no list that begins with 1 was read.
    """
    if not set(content_stems(noun)) & _LISTED:
        return None
    matches = [_NUMBERED.match(text) for text in lines.texts]
    numbers = np.array(
        [int(m[1]) if m and w else 0 for m, w in zip(matches, lines.written, strict=True)]
    )
    last = 0
    while (numbers == last + 1).any():
        last += 1
    if last < 2:
        return None
    return Reading(str(last), 1.0, ((numbers > 0) & (numbers <= last)).astype(float))


def quote(lines: Lines, best: int) -> str:
    """-> a sentence that was said, with the next one where it asks something or is short."""
    text, after = lines.texts[best], best + 1
    if not (text.endswith("?") or len(text.split()) < SHORT_WORDS) or after >= len(lines):
        return text
    soon = lines.spans[after, 0] - lines.spans[best, 1] <= LINGER_S
    return f"{text} {lines.texts[after]}" if soon and lines.spoken[after] else text


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


def overview_of(lines: Lines, passages: Sequence[Evidence]) -> Overview | None:
    """-> the film in its parts, from what is sure; None where nothing is.

    `passages` are those of the lines, and stretches of things that boxes show, by name.
    """
    seen = [p for p in passages if p.kind == "visual"]
    sure = lines[(lines.sureness >= 1) | lines.spoken | lines.written]
    chapters = chapters_of(sure, seen)
    if not chapters:
        return None
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
    starts = np.arange(0, max(ends), CHAPTER_S).tolist()
    cells = [Chapter(t, min(t + CHAPTER_S, max(ends)), _things_in(seen, t)) for t in starts]
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
            caption="" if cell.things else _typical(lines[pictured & within]).rstrip(". "),
            read=lines.texts[int(np.argmax(shown))] if shown.any() else "",
            said=_typical(lines[lines.spoken & within]),
        )
        chapters += [chapter] if chapter.text else []
    return chapters


def _things_in(seen: Sequence[Evidence], start_s: float) -> tuple[str, ...]:
    end_s = start_s + CHAPTER_S
    inside = [e.text for e in seen if e.start_s < end_s and start_s < e.end_s]
    return tuple(dict.fromkeys(inside))[:3]


def _to_join(cells: Sequence[Chapter]) -> int | None:
    """-> the first of two neighbours that become one: alike, or the shortest of too many."""
    alike = [i for i in range(len(cells) - 1) if cells[i].things == cells[i + 1].things]
    if alike or len(cells) <= MOST_CHAPTERS:
        return alike[0] if alike else None
    lengths = [cells[i + 1].end_s - cells[i].start_s for i in range(len(cells) - 1)]
    return int(np.argmin(lengths))


def _typical(lines: Lines) -> str:
    """The line most like all the others, "" of none."""
    if not len(lines):
        return ""
    return lines.texts[int(np.argmax(lines.vectors @ lines.vectors.mean(axis=0)))]
