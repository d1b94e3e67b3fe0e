"""Texts and a query -> BM25 scores: which texts share its rarer words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from svqa.language.tokenization import regular_stem

K1, B = 1.5, 0.75  # how much a repeated word adds, how much a long text loses: bm25s's own


@dataclass(frozen=True, eq=False)
class WordCounts:
    """How often words are used in a collection: `holding` is stem -> how many texts have it.

    `mean_words` is the mean length of a text, stop words left out.
    """

    texts: int
    mean_words: float
    holding: Mapping[str, int]

    def rarity(self, stem: str) -> float:
        """-> the word's weight, as Lucene's BM25 has it."""
        holding = self.holding.get(stem, 0)
        return math.log(1 + (self.texts - holding + 0.5) / (holding + 0.5))


class Lexicon:
    """An index of texts by their English word stems, without stop words.

    Scores are Okapi BM25 (Robertson et al. 1994, as Lucene writes it, by the `bm25s` library): 0
    for a text that shares no word with the query, more for rarer and repeated words, less for long
    texts. With `counts` of a larger collection, a word is as rare as it is there.

    >>> Lexicon(["two cats sleep", "a dog runs"]).scores("running dogs") > 0
    array([False,  True])
    """

    def __init__(self, texts: Sequence[str], counts: WordCounts | None = None):
        self._count, self._counts = len(texts), counts
        self._tokens = [words_of(text) for text in texts]
        self._index = None
        if counts is None and any(self._tokens):
            import bm25s

            self._index = bm25s.BM25(method="lucene", k1=K1, b=B)
            self._index.index(self._tokens, show_progress=False)

    def __len__(self) -> int:
        return self._count

    def scores(self, query: str) -> np.ndarray:
        """-> (N,) float32, one score a text, at least 0."""
        asked = list(dict.fromkeys(words_of(query)))
        if self._counts is not None:
            return _scored(self._tokens, asked, self._counts)
        known = [word for word in asked if self._index and word in self._index.vocab_dict]
        if not known:
            return np.zeros(self._count, np.float32)
        assert self._index is not None
        return np.asarray(self._index.get_scores(known), np.float32)


def _scored(texts: Sequence[Sequence[str]], asked: Sequence[str], of: WordCounts) -> np.ndarray:
    """What bm25s gives a text of a collection whose other texts are not here."""
    rarity = {word: of.rarity(word) for word in asked}
    scores = np.zeros(len(texts), np.float32)
    for i, words in enumerate(texts):
        here = set(words)
        for word in [w for w in asked if w in here]:  # in one order: sums of floats have one
            times, length = words.count(word), len(words) / max(of.mean_words, 1e-9)
            scores[i] += rarity[word] * times / (times + K1 * (1 - B + B * length))
    return scores


def words_of(text: str) -> list[str]:
    """-> stems of the words that say something, stop words as Lucene leaves them out."""
    found = re.findall(r"\w+", text.lower())
    return [regular_stem(word) for word in found if word not in _stop_words()]


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)
