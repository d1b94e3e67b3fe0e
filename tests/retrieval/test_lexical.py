"""BM25: rarer shared words count more, forms of a word count as one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from svqa.retrieval import Lexicon

TEXTS = [
    "a bear walks through the forest",
    "two bears are fishing in the river",
    "a man walks his dog",
    "",
    "a man plays the guitar and a man sings",
]


@pytest.mark.parametrize(
    "query, best", [("bears walking", 0), ("fish", 1), ("GUITARS!", 4), ("dogs", 2)]
)
def test_the_right_text_is_first(query, best):
    assert Lexicon(TEXTS).scores(query).argmax() == best


def test_scores_are_those_of_the_formula():
    """BM25 by hand, over stems without stop words.

    k1 = 1.5, b = 0.75, idf = ln(1 + (N - df + 0.5) / (df + 0.5)).
    """
    # bear walk through forest | two bear fish river | man walk his dog | | man play guitar man sing
    lengths = [4, 4, 4, 0, 5]
    idf = math.log(1 + (5 - 2 + 0.5) / (2 + 0.5))
    mean = sum(lengths) / 5
    counts = zip([0, 0, 1, 0, 2], lengths, strict=True)
    expected = [idf * f / (f + 1.5 * (1 - 0.75 + 0.75 * n / mean)) for f, n in counts]
    assert np.allclose(Lexicon(TEXTS).scores("man"), expected, rtol=1e-5)


def test_rarer_words_count_more():
    scores = Lexicon(["cat dog", "cat bird", "cat fish", "dog fish"]).scores("cat bird")
    assert scores.argmax() == 1 and scores[1] > 2 * scores[0] > 0


@pytest.mark.parametrize("query", ["", "the of a", "zebra", "!?", "\0"])
def test_nothing_shared_scores_zero_everywhere(query):
    assert Lexicon(TEXTS).scores(query).tolist() == [0.0] * 5


@pytest.mark.parametrize("texts", [[], [""], ["the", "..."]])
def test_texts_without_words_are_fine(texts):
    lexicon = Lexicon(texts)
    assert len(lexicon) == len(texts) and lexicon.scores("bear").tolist() == [0.0] * len(texts)
