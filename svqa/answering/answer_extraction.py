"""A sentence and what was asked -> the few words of it that name the thing.

Phrases are cut by English function words, not by a parser: a caption's "A brown bear, outdoors by a
river." gives "A brown bear" and "a river".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from svqa.language.colours import COLOUR_WORDS
from svqa.language.question_parser import ParsedQuestion
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.base import TextEncoder

NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NUMBER = re.compile(
    rf"\b(?P<number>\d+(?:[.,]\d+)*|{'|'.join(NUMBERS)})"
    r"(?P<size>(?: (?:hundred|thousand|million|billion|trillion|percent|per cent))*)"
    r"(?P<after>(?: [\w'-]+){1,4})"
)
_STARTS = frozenset(
    "a an the some several many his her their its this that these those".split()
) | set(NUMBERS)
BREAKS = frozenset(
    (
        "is are was were be been being has have had do does did and or but while as who which that "
        "where when with without of in on at to from by for into onto over under near beside "
        "behind inside outside above below through across along around between during before after "
        "next front outdoors indoors seen shown likely possibly what"
    ).split()
)
_PLACE = re.compile(
    r"\b((?:outdoors|indoors)\b[^,.;]*"
    r"|(?:in|on|at|by|near|under|beside|inside|outside|behind)\b "
    r"(?!the (?:image|video|picture|scene|background|foreground|left|right|center|middle)\b)"
    r"[^,.;]+)"
)
_NAMES_ONLY = re.compile(r"^We (see|are|may|probably)\b")
_SEEN_ONLY = frozenset(("see", "probabl", "perhap", "may", "we"))
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_FORMS = (
    (
        "price",
        re.compile(r"^how much\b"),
        re.compile(r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|dollars?|euros?|pounds?)", re.IGNORECASE),
    ),
    (
        "date",
        re.compile(r"\b(?:what|which) (?:date|day|year)\b"),
        re.compile(
            rf"\b(?:1[89]|20)\d\d\b|\b(?:{_MONTHS})[a-z]*\W*\d{{1,2}}|\b\d{{1,2}}\W+(?:{_MONTHS})"
            r"|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b",
            re.IGNORECASE,
        ),
    ),
    (
        "web address",
        re.compile(r"\b(?:what|which) (?:website|web ?(?:site|address|page)|url)\b"),
        re.compile(r"\bwww\b|https?:|[\w-]\.(?:[a-z]{2,3}|info)\b(?!\.)", re.IGNORECASE),
    ),
    (
        "time of day",
        re.compile(r"^what time (?:do|does|is|was)\b"),
        re.compile(r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b", re.IGNORECASE),
    ),
    (
        "telephone number",
        re.compile(r"\b(?:what|which) (?:\w+ )?(?:tele)?phone number\b"),
        re.compile(r"(?:\d[ ()/-]{0,2}){6,}"),
    ),
)


def form_asked_for(question: str) -> tuple[str, re.Pattern[str]] | None:
    """-> what a question wants that has a form of its own, and that form; None where it has none.

    >>> form_asked_for("what date is shown")[1].search("JULY 14,2015")[0]
    'JULY 14'
    >>> form_asked_for("what is shown")
    """
    for name, asks, form in _FORMS:
        if asks.search(question):
            return name, form
    return None


def noun_phrases(sentence: str) -> list[str]:
    """-> the phrases of a sentence that begin with an article, a possessive or a number, in order.

    >>> noun_phrases("A man is holding a red guitar on the stage.")
    ['A man', 'a red guitar', 'the stage']
    """
    phrases: list[list[str]] = []
    open_phrase = False
    for token in re.findall(r"[\w'-]+|[^\w\s]", sentence):
        low = token.lower()
        if (low in _STARTS or low.isdigit()) and not (open_phrase and len(phrases[-1]) == 1):
            phrases.append([token])
            open_phrase = True
        elif (
            low in BREAKS
            or not token[0].isalnum()
            or (low.endswith("ing") and open_phrase and len(phrases[-1]) > 1)
        ):
            open_phrase = False
        elif open_phrase and len(phrases[-1]) < 5:
            phrases[-1].append(token)
    return [" ".join(p) for p in phrases if len(p) > 1]


def name_from(sentence: str, form: ParsedQuestion) -> str:
    """-> the words of `sentence` that answer.

    The place phrase of a "where", else the phrase after the question's last word in the sentence
    ("what is he holding" -> "a red guitar"), else the whole sentence.

    >>> from svqa.language.question_parser import parse_question
    >>> asked = parse_question("what is the man holding")
    >>> name_from("A man is holding a red guitar on stage.", asked)
    'a red guitar'
    """
    whole = sentence.rstrip(".!? ")
    if form.kind == "where":
        return place_in(sentence) or whole
    asked = set(content_stems(form.main))
    after = _text_after_last(sentence, asked)
    following = [p for p in noun_phrases(after) if not set(content_stems(p)) <= asked]
    return following[0] if following and after.strip().startswith(following[0]) else whole


def nearest_phrases(
    lines: Sequence[str], kind: str, encoder: TextEncoder, *, beyond: frozenset[str] = frozenset()
) -> tuple[np.ndarray, list[str]]:
    """-> for each line its phrase nearest in meaning to a sort of thing ("animal").

    Cosines (N,) and the phrases.

    With MiniLM a brown bear is 0.52 from "animal", an acoustic guitar 0.61 from "instrument"; the
    wrong sort of thing stays below 0.45. A line without phrases counts as one phrase. Phrases that
    say nothing `beyond` these stems are passed over, and a line that has only such gets 0: "an
    animal" does not answer "what animal".
    """
    found = [noun_phrases(line) or [line.rstrip(".!? ")] for line in lines]
    phrases = [
        [p for p in group if not beyond or set(content_stems(p)) - beyond] or group
        for group in found
    ]
    flat = [phrase for group in phrases for phrase in group]
    cosines = np.clip(encoder.encode_text(flat) @ encoder.encode_text([kind])[0], 0, 1)
    ends = np.cumsum([len(group) for group in phrases])
    best = [
        start + int(np.argmax(cosines[start:end]))
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]
    empty = np.array([bool(beyond) and set(content_stems(flat[i])) <= beyond for i in best])
    return np.where(empty, 0.0, cosines[best]), [flat[i] for i in best]


def name_or_reason(sentence: str, form: ParsedQuestion, question: str) -> tuple[str, str]:
    """-> (the words that answer, ""), or ("", why the sentence answers nothing).

    A caption that is made of names tells what is there, and no relation, action or place of it.
    """
    name = name_from(sentence, form)
    if set(content_stems(name)) - _SEEN_ONLY <= set(content_stems(question)):
        return "", f'The closest caption, "{sentence}", says no more than the question.'
    if _NAMES_ONLY.match(name):
        return "", f'The closest caption, "{sentence}", names what is there, no more.'
    return name, ""


def place_in(sentence: str) -> str:
    """-> the place a sentence names, "" where it names none.

    >>> place_in("We are at the seashore."), place_in("We see a dog.")
    ('at the seashore', '')
    """
    place = _PLACE.search(sentence)
    return place[1].strip() if place else ""


def with_bracket(phrase: str, sentence: str) -> str:
    """-> the phrase with the bracket that follows it in the sentence, if one does.

    >>> with_bracket("a stringed instrument", "We see a stringed instrument (most like a banjo).")
    'a stringed instrument (most like a banjo)'
    """
    match = re.search(re.escape(phrase) + r" \([^)]*\)", sentence)
    return match[0] if match else phrase


def colour_of(sentence: str, thing: frozenset[str] | set[str]) -> str:
    """-> the colour a sentence gives for the thing with these stems, "" where it gives none.

    >>> colour_of("A man is holding a red guitar.", {"guitar"})
    'red'
    """
    for phrase in noun_phrases(sentence):
        colours = [w for w in words(phrase) if w in COLOUR_WORDS]
        if colours and thing & set(content_stems(phrase)):
            return " and ".join(colours)
    return ""


def number_in(sentence: str, noun: str) -> str | None:
    """-> the number a sentence gives for `noun` with its size, None where it gives none.

    "a bear" is a name, not a count.

    >>> number_in("Two brown bears walk by a river.", "bears")
    '2'
    >>> number_in("It has 413 million people.", "people"), number_in("A bear.", "bears")
    ('413 million', None)
    """
    asked = set(content_stems(noun))
    for match in _NUMBER.finditer(sentence.lower()):
        if asked and asked <= set(content_stems(match["after"])):
            number = NUMBERS.get(match["number"])
            return f"{match['number'] if number is None else number}{match['size']}"
    return None


def _text_after_last(sentence: str, asked: set[str]) -> str:
    """-> what follows the last word of the sentence whose stem was asked about.

    "" where none was.
    """
    ends = [m.end() for m in re.finditer(r"[\w'-]+", sentence) if stem(m[0].lower()) in asked]
    return sentence[max(ends) :] if ends else ""
