"""Grounding metrics, small enough to do by hand.

And held against an independent count of tenths of seconds.
"""

import numpy as np
import pytest

from svqa.metrics import (
    grounding_values,
    inside,
    ranking_values,
    recall_at_k,
    reciprocal_rank,
    temporal_iop,
    temporal_iou,
)


def test_by_hand():
    assert temporal_iou((2, 4), [(2, 4)]) == 1 and temporal_iop((2, 4), [(2, 4)]) == 1
    assert temporal_iou((0, 2), [(2, 4)]) == 0  # half open: touching is not overlapping
    assert temporal_iou((0, 4), [(1, 3)]) == 0.5 and temporal_iop((0, 4), [(1, 3)]) == 0.5
    # a tiny span games IoP only
    assert temporal_iou((1, 2), [(0, 4)]) == 0.25 and temporal_iop((1, 2), [(0, 4)]) == 1
    assert temporal_iou((0, 4), [(10, 11), (3, 5)]) == pytest.approx(1 / 5)  # the best of several


def test_agrees_with_counting_tenths_of_seconds():
    rng = np.random.default_rng(0)
    for _ in range(200):
        (a, b), (c, d) = np.sort(rng.integers(0, 100, (2, 2)), axis=1)
        if a == b or c == d:
            continue
        tenths = np.arange(100)
        one, other = (a <= tenths) & (tenths < b), (c <= tenths) & (tenths < d)
        found, marked = (a / 10, b / 10), [(c / 10, d / 10)]
        assert temporal_iou(found, marked) == pytest.approx(
            (one & other).sum() / (one | other).sum()
        )
        assert temporal_iop(found, marked) == pytest.approx((one & other).sum() / one.sum())


def test_thresholds_include_their_edge():
    values = grounding_values((0, 4), [(0, 2)])
    assert values["iou"] == 0.5 and values["iou_at_05"] == 1 and values["iop_at_05"] == 1
    assert grounding_values((0, 4.1), [(0, 2)])["iou_at_05"] == 0


def test_an_empty_span_scores_zero_and_no_truth_is_refused():
    assert temporal_iou((3, 3), [(2, 4)]) == 0 and temporal_iop((3, 3), [(2, 4)]) == 0
    with pytest.raises(ValueError, match="without marked spans"):
        temporal_iou((0, 1), [])


def test_ranking():
    assert ranking_values([9.0, 1.0, 2.0], [(0.5, 1.5)]) == {
        "hit_at_1": 0,
        "recall_at_5": 1,
        "reciprocal_rank": 0.5,
    }
    assert reciprocal_rank([False, False]) == 0 and recall_at_k([], 3) == 0
    assert inside(1.5, [(0.5, 1.5)]) and not inside(1.6, [(0.5, 1.5)])
    with pytest.raises(ValueError, match="k must be"):
        recall_at_k([True], 0)
