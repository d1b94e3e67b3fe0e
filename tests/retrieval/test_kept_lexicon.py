"""An index of texts in a folder: the scores of one in memory, and whose texts fit best."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from svqa.retrieval import KeptLexicon, Lexicon

TEXTS = [
    ("a", "a bear walks through the forest"),
    ("a", "two bears are fishing in the river"),
    ("b", "a man walks his dog"),
    ("c", "the of a"),  # no word that says something
    ("d", "a man plays the guitar and a man sings"),
    ("d", "a bear plays the guitar"),
]
WORDS = [text for _, text in TEXTS]
QUERIES = ["bear", "men walking dogs", "guitar", "bears playing guitars", "zebra", "the"]


@pytest.fixture
def kept(tmp_path) -> KeptLexicon:
    index = KeptLexicon.build(tmp_path / "words", TEXTS)
    assert index is not None
    return index


@pytest.mark.parametrize("query", QUERIES)
def test_owners_come_in_the_order_of_their_best_text(kept, query):
    scores = Lexicon(WORDS).scores(query)
    best = dict.fromkeys("abcd", 0.0)
    for (owner, _), score in zip(TEXTS, scores, strict=True):
        best[owner] = max(best[owner], float(score))
    expected = [owner for owner in sorted(best, key=lambda o: -best[o]) if best[owner] > 0]
    assert kept.best_owners(query, set("abcd"), 4) == expected
    assert kept.best_owners(query, set("abcd"), 1) == expected[:1]


def test_owners_that_are_not_wanted_are_passed_over(kept):
    assert kept.best_owners("guitar", {"a", "b"}, 4) == []
    assert kept.best_owners("bear", {"d"}, 4) == ["d"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_few_of_the_texts_score_as_among_all(kept, query):
    """By the counts of the collection, which the few texts alone would get wrong."""
    among_all = Lexicon(WORDS).scores(query)
    few = [0, 3, 5]
    scores = Lexicon([WORDS[i] for i in few], kept.counts).scores(query)
    assert np.allclose(scores, among_all[few], rtol=1e-5)
    if query == "bear":
        assert not np.allclose(Lexicon([WORDS[i] for i in few]).scores(query), among_all[few])


def test_one_in_the_folder_is_loaded_and_replaced_whole(kept, tmp_path):
    folder = tmp_path / "words"
    again = KeptLexicon(folder)
    assert again.owners == kept.owners == ["a", "b", "c", "d"]
    KeptLexicon.build(folder, [("z", "a zebra")])
    assert KeptLexicon(folder).best_owners("zebras", {"z"}, 1) == ["z"]
    assert again.best_owners("guitar", set("abcd"), 1) == ["d"]  # who has it open keeps it
    assert [p.name for p in tmp_path.iterdir()] == ["words"]


def test_two_that_build_at_once_leave_one_whole_index(tmp_path):
    folder, barrier = tmp_path / "words", threading.Barrier(4)

    def build(name: str) -> None:
        barrier.wait()
        for _ in range(5):
            KeptLexicon.build(folder, [(name, f"a bear of {name}")] * 50)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(build, name) for name in ("x", "y", "z", "w")]:
            done.result()
    (owner,) = KeptLexicon(folder).owners
    assert owner in "xyzw" and [p.name for p in tmp_path.iterdir()] == ["words"]


def test_texts_without_a_word_leave_no_index(tmp_path):
    folder = tmp_path / "words"
    KeptLexicon.build(folder, TEXTS)
    assert KeptLexicon.build(folder, [("a", "the of"), ("b", "")]) is None
    assert not folder.exists()
