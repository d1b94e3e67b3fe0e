"""What lines tell by themselves: what was read, who is named, what comes first, how many, where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.answering.answer_extraction import (
    BREAKS,
    colour_of,
    form_asked_for,
    nearest_phrases,
    noun_phrases,
    number_in,
    place_in,
    with_bracket,
)
from svqa.answering.citations import row_that_tells
from svqa.answering.sentence_scoring import Lines, support
from svqa.answering.taxonomy import is_person_word
from svqa.language.colours import COLOUR_WORDS
from svqa.language.question_parser import (
    ParsedQuestion,
    asks_about_speech,
    asks_about_text,
    doing_words,
    ordinal_of,
    spoken_about,
    statement_of,
)
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
MOST_ROWS, MIN_READ = 8, 0.3  # of a reading that is given whole, and how sure it then is
_TITLE = re.compile(r"\b(titled?|headline|name of)\b")
_BRAND = re.compile(r"\b(brand|make of|logo|company)\b")  # often part of a longer line
_ADVERTISED = re.compile(r"\b(ad|advert|advertisement|commercial|advertised|product)\b")
_IT_SAYS = re.compile(
    r"what (?:does|do) (?:it|this|that|they|the (?:video|clip|film|picture)) say\b"
)
_NUMBERED_KINDS = frozenset(("time", "date", "year", "number"))
MOST_TAG_ROWS = 3
_NAME = re.compile(r"(?:Dr\.? |Prof\.? )?[A-Z][a-z'-]+(?: [A-Z]\.)?(?: [A-Z][a-z'-]+){1,2}")
_ANY_TEXT = re.compile(
    r"(?:is|are|can|do) (?:there |(?:you|we) (?:see|read) )?(?:any |some |a )?"
    r"(?:text|words?|writing|letters|captions?|subtitles?)(?: shown| visible)?"
    r"(?: (?:in|on) the (?:screen|video|picture|film|clip|image))?$"
)
_SEEN_PERSON = frozenset(
    content_stems(
        "name man woman person people boy girl lady guy speaker presenter host speak talk see "
        "seen show"
    )
)
COLOUR = frozenset(("color", "colour"))
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
    or a date has its form, the last caption is the last.
    """
    lines = lines[lines.written] if not lines.written.all() else lines
    if not len(lines):
        return "The question is about text in the picture, and none was read."
    found, which = support(lines, text, encoder), ordinal_of(text)
    if form := form_asked_for(text):
        fits = np.array([bool(form[1].search(line)) for line in lines.texts])
        if not fits.any():
            return f"No {form[0]} was read in the picture."
        found = np.where(fits, np.maximum(found, MIN_SUPPORT), 0)
    if which == "first":
        found = (lines.spans[:, 0] == lines.spans[:, 0].min()).astype(float)
    elif which == "last" or _ADVERTISED.search(text):  # advertisements end with what they are for
        found = (lines.spans[:, 1] == lines.spans[:, 1].max()).astype(float)
    elif _TITLE.search(text):
        first = np.append(True, lines.owners[1:] != lines.owners[:-1])
        found = np.where(first, lines.seconds, 0)
        found = found / max(found.max(), 1e-9)
    best = int(np.argmax(found))
    rows = [lines.texts[i] for i in np.flatnonzero(lines.owners == lines.owners[best])]
    named = _BRAND.search(text) or _ADVERTISED.search(text) or which
    whole = len(rows) > 1 and (found[best] < MIN_SUPPORT or bool(named))
    said = " ".join(rows[:MOST_ROWS]) if whole else row_that_tells(text, lines, best)
    return Reading(f'The picture reads: "{said}"', max(float(found[best]), MIN_READ), found)


def whether_any_is_read(text: str, lines: Lines) -> Reading | None:
    """Yes to "is there any text", where some was read; None to all else."""
    if not _ANY_TEXT.match(text) or not lines.written.any():
        return None
    return Reading("yes", 1.0, lines.written.astype(float))


def asks_for_reading(text: str, form: ParsedQuestion, lines: Lines) -> bool:
    """Whether a question wants what can be read: "it says" does where nobody speaks."""
    if form.kind not in ("open", "said") or stem(form.focus) in COLOUR:
        return False
    if asks_about_text(text):
        return True
    if not lines.spoken.any() and lines.written.any() and _IT_SAYS.match(text):
        return True
    wanted = form_asked_for(text)
    heard = [line for line, s in zip(lines.texts, lines.spoken, strict=True) if s]
    return wanted is not None and not any(wanted[1].search(line) for line in heard)


def person_named(text: str, lines: Lines, encoder: TextEncoder) -> Reading | None:
    """Who does it: the man or the singer that a fitting caption names; None where none does."""
    found, asked = support(lines, text, encoder), set(content_stems(text))
    for i in np.flatnonzero((found >= MIN_SUPPORT) & ~lines.spoken & ~lines.written):
        for phrase in noun_phrases(lines.texts[i]):
            if is_person_word(phrase) and not set(content_stems(phrase)) <= asked:
                return Reading(phrase, float(found[i]), found)
    return None


def name_tag(form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]) -> Reading | str:
    """Who is seen: the name that is written meanwhile, in the first row of a short text.

    Of somebody who does something it is open whose name that is.
    """
    if not set(content_stems(form.main)) <= _SEEN_PERSON:
        return "No caption names a person who does that."
    seen = [p for p in passages if p.kind == "visual" and p.text == "person"]
    found = np.zeros(len(lines))
    for owner in set(lines.owners[lines.written].tolist()):
        rows = np.flatnonzero(lines.owners == owner)
        start_s, end_s = lines.spans[rows[0]]
        with_person = any(p.start_s < end_s and start_s < p.end_s for p in seen)
        if with_person and len(rows) <= MOST_TAG_ROWS and _NAME.fullmatch(lines.texts[rows[0]]):
            found[rows[0]] = end_s - start_s
    if not found.any():
        return "Nobody is named: no caption, and no name is written while a person is seen."
    best = int(np.argmax(found))
    return Reading(f'The picture reads: "{lines.texts[best]}"', MIN_READ, found / found.max())


def setting_told(lines: Lines) -> Reading | str:
    """-> the place that most of the sure captions name, or that none does."""
    sure = (lines.sureness >= 1) & ~lines.spoken & ~lines.written
    places = [place_in(text) if s else "" for text, s in zip(lines.texts, sure, strict=True)]
    named = [place for place in places if place]
    if not named:
        return "No caption names a place surely."
    place = max(dict.fromkeys(named), key=named.count)
    return Reading(
        place[:1].upper() + place[1:], 1.0, np.array([float(p == place) for p in places])
    )


def order_of(text: str, lines: Lines, encoder: TextEncoder) -> Reading | str:
    """-> `before` or `after`, or why neither can be said. `text`: "is A before or after B"."""
    asked, _, other = text.partition(" before or after ")
    halves = (statement_of(asked), other)
    if asks_about_speech(text):
        halves = (spoken_about(asked) or halves[0], spoken_about(other) or other)
    found = [support(lines, half, encoder) for half in halves]
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

    "Is there a dog" is not answered by an animal, nor "is there an animal" by a dog's name alone,
    nor "is it a polar bear" by a brown one: a line has all the words of the thing.
    """
    found, stems = support(lines, about, encoder), _head_stems(about)
    hues = {word for word in words(about) if word in COLOUR_WORDS}
    said = np.array([hues <= set(words(text)) for text in lines.texts])
    few = 1 <= len(content_stems(about)) <= 2
    near, phrases = nearest_phrases(lines.texts, about, encoder)
    if few:
        found = np.maximum(found, near * lines.sureness)
    if not words(about)[-1:] or words(about)[-1].removesuffix("s") not in _KINDS or not few:
        told = np.array([stems <= line for line in lines.stems])
        only_kind = np.array([bool(_KINDS & set(words(phrase)[-1:])) for phrase in phrases])
        # "an animal" does not say that it is a dog, an automobile that it is a car
        same = (near >= MIN_SAME) & ~only_kind & (len(content_stems(about)) == 1)
        said &= told | same
    return np.where(said, found, np.minimum(found, MIN_YES - 0.01))


def _head_stems(about: str) -> frozenset[str]:
    """The stems of the thing itself: of "a polar bear in the river" those of "a polar bear"."""
    head: list[str] = []
    for word in words(about):
        if head and (word in BREAKS or doing_words(word)):
            break
        head += [word] if content_stems(word) else []
    return frozenset(content_stems(" ".join(head)))


def nearest_kind(
    text: str, focus: str, lines: Lines, encoder: TextEncoder, found: np.ndarray
) -> Reading | None:
    """Which animal: the phrase that is nearest to the kind and fits the question; None if none.

    The question's own words answer nothing, and a time or a year has digits.
    """
    kind = frozenset(content_stems(focus))
    near, phrases = nearest_phrases(lines.texts, focus, encoder, beyond=kind)
    asked = set(content_stems(text))
    tells = np.array([not set(content_stems(phrase)) <= asked for phrase in phrases])
    if focus in _NUMBERED_KINDS:
        tells &= np.array([any(c.isdigit() for c in phrase) for phrase in phrases])
    near = near * lines.sureness * tells
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
