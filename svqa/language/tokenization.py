"""Text -> sentences, words, stems: what the evidence answerer compares by, without a model.

English only, as the offline set is. Stems are Snowball's (Porter2) after undoing the common
irregular verbs and plurals.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

STOP_WORDS = frozenset(
    "a an the this that these those there here it its he him his she her they them their i you "
    "your we our us my me is are was were be been being am do does did doing done has have had "
    "having can could will would shall should may might must not no nor and or but if then than so "
    "as of in on at to from by for with without into onto about over under up down out off during "
    "while when where what which who whom whose why how "
    "s t some any all each both very just also too".split()
)
# Snowball leaves these apart; a caption says "holding" where the question says "held".
_IRREGULAR = {
    form: base
    for base, forms in {
        "begin": "began begun",
        "bite": "bit bitten",
        "break": "broke broken",
        "bring": "brought",
        "buy": "bought",
        "catch": "caught",
        "child": "children",
        "choose": "chose chosen",
        "come": "came",
        "drink": "drank drunk",
        "drive": "drove driven",
        "eat": "ate eaten",
        "fall": "fell fallen",
        "feed": "fed",
        "feel": "felt",
        "find": "found",
        "fly": "flew flown",
        "foot": "feet",
        "get": "got gotten",
        "give": "gave given",
        "go": "went gone",
        "hold": "held",
        "keep": "kept",
        "knife": "knives",
        "leaf": "leaves",
        "lie": "lay lain lying",
        "lose": "lost",
        "make": "made",
        "man": "men",
        "mouse": "mice",
        "person": "people persons",
        "ride": "rode ridden",
        "rise": "rose risen",
        "run": "ran",
        "say": "said",
        "see": "saw seen",
        "shake": "shook shaken",
        "sing": "sang sung",
        "sit": "sat",
        "sleep": "slept",
        "speak": "spoke spoken",
        "stand": "stood",
        "stick": "stuck",
        "swim": "swam swum",
        "swing": "swung",
        "take": "took taken",
        "teach": "taught",
        "tell": "told",
        "think": "thought",
        "throw": "threw thrown",
        "tooth": "teeth",
        "wear": "wore worn",
        "woman": "women",
        "write": "wrote written",
    }.items()
    for form in forms.split()
}


def words(text: str) -> list[str]:
    """-> lower-case words and numbers, apostrophes and punctuation dropped.

    >>> words("The man's dog, 2 metres away!")
    ['the', 'man', 's', 'dog', '2', 'metres', 'away']
    """
    return re.findall(r"[^\W_]+", text.lower())


def sentences(text: str) -> list[str]:
    """-> the sentences of a caption or transcript, in order, none empty.

    >>> sentences("A bear walks. It stops! ")
    ['A bear walks.', 'It stops!']
    """
    return [s for s in re.split(r"(?<=[.!?])\s+", text.strip()) if s]


@lru_cache(maxsize=65536)  # the stemmer is pure Python; a caption's vocabulary is small
def regular_stem(word: str) -> str:
    """-> Snowball's stem of one lower-case word, irregular forms as they are.

    >>> regular_stem("playing"), regular_stem("held")
    ('play', 'held')
    """
    return _stemmer().stemWord(word)


def stem(word: str) -> str:
    """-> the stem of one lower-case word, irregular forms undone first.

    >>> stem("playing"), stem("held"), stem("dogs")
    ('play', 'hold', 'dog')
    """
    return regular_stem(_IRREGULAR.get(word, word))


@lru_cache(maxsize=65536)
def content_stems(text: str) -> tuple[str, ...]:
    """-> stems of the words that carry meaning, in order, stop words left out.

    >>> content_stems("the man is playing with the dogs")
    ('man', 'play', 'dog')
    """
    return tuple(stem(w) for w in words(text) if w not in STOP_WORDS)


def is_plural(noun: str) -> bool:
    """Whether the last word of a noun is a plural.

    >>> [noun for noun in ("buses", "bus", "glass", "two men", "skis", "tennis") if is_plural(noun)]
    ['buses', 'two men', 'skis']
    """
    return singular(noun) != noun


def singular(noun: str) -> str:
    """-> a noun with its last word in the singular; what is none in the plural stays as it is.

    >>> singular("young women"), singular("ponies"), singular("glasses"), singular("bus")
    ('young woman', 'pony', 'glass', 'bus')
    """
    rest, _, last = noun.rpartition(" ")
    one = _IRREGULAR.get(last, last)
    if (
        one == last
        and last.endswith("s")
        and not last.endswith(("ss", "us", "nis", "gas", "species"))
    ):
        if last.endswith("ies") and len(last) > 4:
            one = f"{last[:-3]}y"
        else:
            one = last[:-2] if last.endswith(("ses", "ches", "shes", "xes")) else last[:-1]
    return f"{rest} {one}".strip()


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")
