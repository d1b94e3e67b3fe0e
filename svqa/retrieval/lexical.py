"""Texts and a query -> BM25 scores: which texts share its rarer words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from svqa.language.tokenization import regular_stem


class Lexicon:
    """An index of texts by their English word stems, without stop words.

    Scores are Okapi BM25 (Robertson et al. 1994, as Lucene writes it, by the `bm25s` library): 0
    for a text that shares no word with the query, more for rarer and repeated words, less for long
    texts.

    >>> Lexicon(["two cats sleep", "a dog runs"]).scores("running dogs") > 0
    array([False,  True])
    """

    def __init__(self, texts: Sequence[str]):
        import bm25s

        self._count = len(texts)
        tokens = [_words(text) for text in texts]
        self._index = None
        if any(tokens):
            self._index = bm25s.BM25(method="lucene")
            self._index.index(tokens, show_progress=False)

    def __len__(self) -> int:
        return self._count

    def scores(self, query: str) -> np.ndarray:
        """-> (N,) float32, one score a text, at least 0."""
        if self._index is None:
            return np.zeros(self._count, np.float32)
        known = [word for word in dict.fromkeys(_words(query)) if word in self._index.vocab_dict]
        if not known:
            return np.zeros(self._count, np.float32)
        return np.asarray(self._index.get_scores(known), np.float32)


def _words(text: str) -> list[str]:
    """Stems of the words that say something, stop words as Lucene leaves them out."""
    found = re.findall(r"\w+", text.lower())
    return [regular_stem(word) for word in found if word not in _stop_words()]


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)
