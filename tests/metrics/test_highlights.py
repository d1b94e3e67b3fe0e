"""R@1, average precision and hit@1: worked by hand, and as a slower way of counting has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import precision_recall_curve

from svqa.metrics import (
    highlight_values,
    moment_values,
    scores_average_precision,
    windows_average_precision,
)

MARKED = [(0.0, 10.0), (20.0, 30.0)]


def test_average_precision_of_windows_worked_by_hand():
    wrong, first, second = (50.0, 60.0), (0.0, 9.0), (21.0, 30.0)
    assert windows_average_precision([first, second], MARKED, 0.5) == 1.0
    # right at rank 2 and 3: precision 1/2 and 2/3, the first raised to the better that follows
    assert windows_average_precision([wrong, first, second], MARKED, 0.5) == pytest.approx(2 / 3)
    assert windows_average_precision([first, wrong], MARKED, 0.5) == 0.5
    assert windows_average_precision([], MARKED, 0.5) == 0.0


def test_a_marked_window_is_found_once():
    twice = windows_average_precision([(0.0, 10.0), (0.0, 10.0)], MARKED, 0.5)
    assert twice == 0.5 == windows_average_precision([(0.0, 10.0)], MARKED, 0.5)


def test_the_threshold_itself_is_reached():
    assert windows_average_precision([(0.0, 5.0)], [(0.0, 10.0)], 0.5) == 1.0
    assert windows_average_precision([(0.0, 5.0)], [(0.0, 10.0)], 0.55) == 0.0


def test_the_first_window_is_the_one_handed_in_first_and_precision_goes_by_score():
    found = moment_values([(50.0, 60.0, 0.1), (0.0, 10.0, 0.9)], [(0.0, 10.0)])
    assert found["r1_at_05"] == 0.0 and found["map"] == 1.0
    # an IoU of 0.72: right at 0.5, 0.55, 0.6, 0.65 and 0.7, half of the ten
    found = moment_values([(0.0, 7.2, 1.0)], [(0.0, 10.0)])
    assert found == {
        "map": 0.5,
        "map_at_05": 1.0,
        "map_at_075": 0.0,
        "r1_at_05": 1.0,
        "r1_at_07": 1.0,
    }


def test_only_ten_windows_count():
    wrong = [(50.0, 60.0, 0.5)] * 10
    assert moment_values([*wrong, (0.0, 10.0, 0.9)], [(0.0, 10.0)])["map"] == 0.0
    assert moment_values([*wrong[:9], (0.0, 10.0, 0.9)], [(0.0, 10.0)])["map"] == 1.0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=20))
def test_average_precision_of_scores_is_what_the_official_steps_give(clips):
    right, scores = np.array([c[0] for c in clips]), np.array([c[1] for c in clips], float)
    if right.all() or not right.any():
        assert scores_average_precision(right, scores) == float(right.all())
        return
    precision, recall, _ = precision_recall_curve(right, scores)
    raised = np.maximum.accumulate(precision)
    expected = raised[np.flatnonzero(np.diff(recall))].mean()
    assert scores_average_precision(right, scores) == pytest.approx(expected)


def test_highlights_worked_by_hand():
    # three clips, three people; "fair" is 2 and more, "very good" is 4
    ratings = np.array([[4, 0, 2], [0, 0, 2], [3, 0, 0]])
    found = highlight_values([0.9, 0.5, 0.1], ratings)
    # person 1: clips 0 and 2 right at ranks 1 and 3; person 2: none; person 3: ranks 1 and 2
    assert found["hl_map_fair"] == pytest.approx(((1 + 2 / 3) / 2 + 0 + 1) / 3)
    assert found["hl_map_very_good"] == pytest.approx((1 + 0 + 0) / 3)
    assert found["hl_hit1_fair"] == found["hl_hit1_very_good"] == 1.0
    assert highlight_values([0.1, 0.9, 0.5], ratings)["hl_hit1_good"] == 0.0


def test_scores_of_another_number_of_clips():
    ratings = np.array([[4, 4, 4], [0, 0, 0]])
    assert highlight_values([1.0], ratings)["hl_map_fair"] == 1.0  # the missing one is 0
    beyond = highlight_values([0.5, 0.1, 0.9], ratings)
    assert beyond["hl_map_fair"] == 1.0 and beyond["hl_hit1_fair"] == 0.0  # its best is no clip
