"""Answer text and references -> how good the answer is.

Exact match, VQA accuracy, token F1, ANLS, overlap, meaning.

Every metric is in [0, 1], higher is better. An empty answer is wrong everywhere. Texts are
normalised as in the official VQA evaluation before words are compared
(https://github.com/GT-Vision-Lab/VQA, `vqaEval.py`), ANLS as its own paper says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

NUMBER_WORDS = {
    "none": "0",
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
ARTICLES = frozenset(("a", "an", "the"))
_CONTRACTED = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't
    haven't he'd he'd've he's how'd how'll how's i'd've i'm i've isn't it'd it'd've it'll let's
    ma'am might've mightn't mightn't've must've mustn't needn't not've o'clock oughtn't shan't
    she'd've should've shouldn't shouldn't've somebody'd somebody'd've somebody'll somebody's
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's
    there'd there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't
    we'd've we've weren't what'll what're what's what've when's where'd where's where've who'd
    who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've y'all
    y'all'll y'all'd've you'd you'd've you'll you're you've
"""
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
ANLS_THRESHOLD = 0.5


def _misspelt(contraction: str) -> list[str]:
    """-> the contraction without one or all of its apostrophes.

    For "couldn't've": couldntve, couldnt've, couldn'tve.
    """
    at = [i for i, letter in enumerate(contraction) if letter == "'"]
    return [contraction.replace("'", ""), *(contraction[:i] + contraction[i + 1 :] for i in at)]


CONTRACTIONS = {wrong: right for right in _CONTRACTED.split() for wrong in _misspelt(right)}


class Sentences(Protocol):
    """What turns sentences into unit vectors, as `svqa.models.TextEncoder` does."""

    def encode_text(self, texts: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True)
class AnswerQuality:
    """How good one answer is; every field in [0, 1].

    `vqa_accuracy` is None with one reference, where the official leave-one-out mean is not defined
    (it would always be 0): read `exact_match` then. `semantic_similarity` is None where no encoder
    was given. With several references `word_overlap`, `completeness`, `token_f1`, `anls`,
    `semantic_similarity` and `exact_match` are those of the best one.
    """

    exact_match: float
    token_f1: float
    word_overlap: float
    completeness: float
    anls: float
    vqa_accuracy: float | None
    semantic_similarity: float | None
    references: int


def evaluate_answer_quality(
    answer: str, ground_truth: str | Sequence[str], *, sentences: Sentences | None = None
) -> AnswerQuality:
    """`ground_truth`: one reference or several.

    `sentences`: a `TextEncoder` for `semantic_similarity`.

    Raises ValueError without a reference. An abstention should be given as "" and is then wrong,
    not skipped.

    >>> quality = evaluate_answer_quality("Two dogs", "the two dogs")
    >>> quality.exact_match, quality.token_f1, quality.vqa_accuracy
    (1.0, 1.0, None)
    """
    references = [ground_truth] if isinstance(ground_truth, str) else list(ground_truth)
    if not references:
        raise ValueError("an answer is judged against at least one reference, got none")
    return AnswerQuality(
        exact_match=max(exact_match(answer, r) for r in references),
        token_f1=max(token_f1(answer, r) for r in references),
        word_overlap=max(word_overlap(answer, r) for r in references),
        completeness=max(completeness(answer, r) for r in references),
        anls=anls(answer, references),
        vqa_accuracy=vqa_accuracy(answer, references) if len(references) > 1 else None,
        semantic_similarity=semantic_similarity(answer, references, sentences)
        if sentences is not None
        else None,
        references=len(references),
    )


def normalise(text: str) -> str:
    """-> the text as the official VQA evaluation compares it.

    Lower case, no punctuation or articles, digits.

    A punctuation mark beside a space (any mark, in a text with digit-comma-digit) is dropped,
    others become a space; a full stop stays only before a digit. So "10-15" becomes "10 15",
    "1,000" "1000", "dont" "don't". One deviation: contractions are lower case throughout ("i'm",
    where the original has a few that it can then never match).

    >>> normalise("The Two dogs, dont bark.")
    "2 dogs don't bark"
    """
    return " ".join(word for word in _plain_words(text) if word not in ARTICLES)


def compared_words(text: str) -> list[str]:
    """-> the words that two answers are compared by: those of `normalise`, or else what is there.

    An answer may be nothing but an article or a mark (the letter "A" on a sign, "?" on a key).
    Normalised it would be nothing, and equal to every other such answer.

    >>> compared_words("The cat"), compared_words("A."), compared_words("?!")
    (['cat'], ['a'], ['?!'])
    """
    return normalise(text).split() or _plain_words(text) or text.lower().split()


def _plain_words(text: str) -> list[str]:
    """-> its words in lower case, without punctuation, numbers as digits, contractions mended."""
    text = text.replace("\n", " ").replace("\t", " ").strip()
    out = text
    for mark in _PUNCTUATION:
        if f"{mark} " in text or f" {mark}" in text or re.search(r"\d,\d", text):
            out = out.replace(mark, "")
        else:
            out = out.replace(mark, " ")
    out = re.sub(r"\.(?!\d)", "", out)
    words = [NUMBER_WORDS.get(word, word) for word in out.lower().split()]
    return [CONTRACTIONS.get(word, word) for word in words]


def exact_match(answer: str, reference: str) -> float:
    """1.0 where the normalised texts are equal and not empty, else 0.0.

    Texts that are nothing but articles or marks are compared as they are: "A" is "a.", not "the".
    """
    words = compared_words(answer)
    return float(bool(words) and words == compared_words(reference))


def vqa_accuracy(answer: str, references: Sequence[str]) -> float:
    """Official VQA accuracy: min(1, matches among the other annotators / 3).

    Averaged over the annotators left out one at a time.

    With ten annotators of whom 0, 1, 2, 3, 4 agree this is 0, .3, .6, .9, 1, not min(m / 3, 1)
    (Antol et al. 2015, arXiv:1505.00468). Raises ValueError with fewer than two references: use
    `exact_match`.
    """
    if len(references) < 2:
        raise ValueError(
            f"VQA accuracy leaves one annotator out and needs two or more, got {len(references)}"
        )
    hits = np.array([exact_match(answer, reference) for reference in references])
    return float(np.minimum(1.0, (hits.sum() - hits) / 3.0).mean())


def token_f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall of normalised words, with repeats.

    As in SQuAD (Rajpurkar et al. 2016).
    """
    a, r = compared_words(answer), compared_words(reference)
    common = sum((Counter(a) & Counter(r)).values())
    return 2 * common / (len(a) + len(r)) if common else 0.0


def word_overlap(answer: str, reference: str) -> float:
    """Jaccard index of the two sets of normalised words: shared / all."""
    a, r = set(compared_words(answer)), set(compared_words(reference))
    return len(a & r) / len(a | r) if a | r else 0.0


def completeness(answer: str, reference: str) -> float:
    """The share of the reference's normalised words that the answer contains.

    Whatever else it says.
    """
    a, r = set(compared_words(answer)), set(compared_words(reference))
    return len(a & r) / len(r) if r else 0.0


def anls(answer: str, references: Sequence[str]) -> float:
    """Average normalised Levenshtein similarity of one answer.

    ANLS (Biten et al. 2019, arXiv:1905.13648).

    The best over the references of 1 - distance / longer length, lower case; 0 where the distance
    is half the length or more.
    """
    best = max(
        _similarity(answer.strip().lower(), reference.strip().lower()) for reference in references
    )
    return best if best > ANLS_THRESHOLD else 0.0


def semantic_similarity(answer: str, references: Sequence[str], sentences: Sentences) -> float:
    """The best cosine of the answer's and a reference's sentence vectors, clipped to [0, 1].

    0 for an empty answer.
    """
    if not answer.strip():
        return 0.0
    vectors = sentences.encode_text([answer, *references])
    return float(np.clip(vectors[1:] @ vectors[0], 0.0, 1.0).max())


def _similarity(a: str, b: str) -> float:
    longest = max(len(a), len(b))
    return 1.0 - _levenshtein(a, b) / longest if a and b else 0.0


def _levenshtein(a: str, b: str) -> int:
    """-> the fewest single-character edits that turn `a` into `b`.

    Insertions, deletions and substitutions.
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
