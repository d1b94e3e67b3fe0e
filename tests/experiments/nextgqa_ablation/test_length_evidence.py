"""Content by length: without a power it is the method; with one, long evidence outweighs short."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.nextgqa_ablation.length_evidence import WEIGHTS, spans_by_weight
from svqa.evaluation.nextgqa_data import GroundingQuestion
from svqa.records import Question, VectorSet
from svqa.temporal.moments import expected_moments
from svqa.temporal.prior import Prior


@pytest.fixture
def asked():
    """Forty seconds: two that fit well (4, 5) and fourteen that fit nearly as well (20 to 33)."""
    scores = np.zeros(40)
    scores[4:6], scores[20:34] = 1.2, 1.0
    spans = np.stack([np.arange(40.0), np.arange(1.0, 41.0)], axis=1)
    vectors = np.zeros((40, 2), np.float32)
    vectors[:, 0] = 1.0
    frames = VectorSet("frame", "caption", "none@1", spans, vectors)
    question = Question("what", (), "v", ("x",), ((20.0, 34.0),), "TN", "v_1")
    return GroundingQuestion(question, 40.0, frames, np.array([1.0, 0.0]), scores)


@pytest.fixture
def table():
    """Two spans, equally likely: seconds 4 to 6 and 20 to 34."""
    stretch = (40 / 30) ** 0.5
    cells = np.array([[4 / 38, 2 / stretch], [20 / 26, 14 / stretch]])
    return Prior(cells, {("-", "-"): np.ones(2)})


def test_without_a_power_it_is_the_method(asked, table):
    spans, weights = table.spans("what", 40.0)
    for found, weight in zip(spans_by_weight(asked, table, 0.0), WEIGHTS, strict=True):
        (moment,) = expected_moments(
            asked.content,
            asked.t_s,
            end_s=40.0,
            spans=spans,
            weights=weights,
            content_weight=weight,
            k=1,
        )
        assert tuple(found) == pytest.approx((moment.start_s, moment.end_s))
        assert found[1] <= 8, "the short span fits better second by second"


def test_with_it_the_longer_evidence_wins(asked, table):
    for found in spans_by_weight(asked, table, 0.5)[2:]:
        assert tuple(found) == pytest.approx((20.0, 34.0))
