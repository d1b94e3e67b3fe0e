"""WUPS against numbers worked out by hand."""

from __future__ import annotations

import pytest

from svqa.metrics import wups

NEAR = {("cat", "dog"): 0.8, ("run", "walk"): 0.5}


def similarity(a: str, b: str) -> float:
    return 1.0 if a == b else NEAR.get((min(a, b), max(a, b)), 0.0)


@pytest.mark.parametrize(
    "answer, reference, expected",
    [
        ("dog", "dog", 1.0),
        ("dog run", "cat walk", 0.8 * 0.5),
        ("dog", "dog run", 1.0),  # what matches nothing is passed over, as officially
        ("dog walk", "dog run", 0.5),
        ("dog", "ball", 0.0),
        ("", "dog", 0.0),
        ("dog cat", "dog", 0.8),  # the smaller direction: "cat" fits only so well
    ],
)
def test_each_word_counts_with_its_best_match_and_the_smaller_direction_is_taken(
    answer, reference, expected
):
    found = wups(answer.split(), reference.split(), similarity)
    assert found == pytest.approx(expected)
    assert wups(reference.split(), answer.split(), similarity) == found


def test_below_the_threshold_a_tenth_is_left():
    assert wups(["dog"], ["cat"], similarity, threshold=0.9) == pytest.approx(0.08)
    assert wups(["dog"], ["cat"], similarity, threshold=0.8) == 0.8
    assert wups(["dog"], ["dog"], similarity, threshold=0.9) == 1.0
