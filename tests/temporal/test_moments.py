"""Scores over time -> spans, against trying all of them.

Maximal stretches, and expected IoU against the likeliest span.
"""

import numpy as np
import pytest

from svqa.temporal import (
    Moment,
    candidate_spans,
    content_scores,
    expected_moments,
    rising_moments,
    span_iou,
    span_means,
    standard,
)
from svqa.temporal.moments import otsu_threshold, posterior_weights


def slow_maximal(gains):
    """Ruzzo and Tompa by definition.

    Take the best-sum stretch (the shortest of equals), then left and right of it.
    """

    def best(low, high):
        pairs = [
            (a, b)
            for a in range(low, high)
            for b in range(a + 1, high + 1)
            if gains[a:b].sum() > 1e-12
        ]
        if not pairs:
            return []
        a, b = max(pairs, key=lambda p: (round(gains[p[0] : p[1]].sum(), 9), -(p[1] - p[0])))
        return [*best(low, a), (a, b), *best(b, high)]

    return best(0, len(gains))


def test_rising_moments_equal_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(60):
        scores = rng.normal(size=15)
        found = rising_moments(scores, np.arange(15.0), end_s=15.0, threshold=0.0, k=99)
        assert sorted((m.start_s, m.end_s) for m in found) == [
            tuple(map(float, s)) for s in slow_maximal(scores)
        ]
        assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)


def test_rising_moments_find_a_noisy_event_of_any_length_at_its_seconds():
    rng = np.random.default_rng(1)
    for length_s in (1.5, 4.0, 20.0):
        t_s = np.arange(0, 40, 0.5)
        scores = 0.1 * rng.normal(size=80) + ((t_s >= 10) & (t_s < 10 + length_s))
        best = rising_moments(scores, t_s, end_s=40.0, k=1)[0]
        assert (
            span_iou(np.array([[best.start_s, best.end_s]]), np.array([[10, 10 + length_s]]))[0, 0]
            > 0.9
        )


def test_two_events_are_two_moments_and_a_short_dip_does_not_split_one():
    scores = np.array([0, 1, 1, 0, 0, 0, 0, 0, 1, 0.6, 1, 1, 0], float)
    found = rising_moments(scores, np.arange(13.0), end_s=13.0)
    assert [(m.start_s, m.end_s) for m in found] == [(8.0, 12.0), (1.0, 3.0)]


def test_uneven_frame_times_count_by_their_seconds():
    found = rising_moments(np.array([0, 1, 0, 1]), np.array([0.0, 1.0, 1.5, 5.0]), end_s=9.0, k=2)
    assert found == [Moment(5.0, 9.0, 2.0), Moment(1.0, 1.5, 0.25)]


def test_nothing_stands_out_where_all_is_the_same():
    assert rising_moments(np.full(9, 0.3), np.arange(9.0), end_s=9.0) == []
    assert rising_moments(np.empty(0), np.empty(0), end_s=9.0) == []


def test_otsu_parts_two_groups():
    scores = np.concatenate(
        [np.random.default_rng(0).normal(0, 0.1, 50), np.random.default_rng(1).normal(3, 0.1, 5)]
    )
    assert 0.5 < otsu_threshold(scores, np.ones(55)) < 2.6


def test_span_iou_is_symmetric_and_scale_free():
    spans = candidate_spans(7.0, steps=5)
    iou = span_iou(spans, spans)
    np.testing.assert_allclose(iou, iou.T)
    np.testing.assert_allclose(iou, span_iou(spans * 9, spans * 9))
    np.testing.assert_allclose(np.diag(iou), 1)
    assert len(spans) == 15 and spans.max() == 7.0


def test_span_means_equal_the_slow_integral():
    rng = np.random.default_rng(2)
    t_s = np.arange(12.0)
    scores = rng.normal(size=12)
    fine = np.repeat(scores, 1000)
    for a, b in np.sort(rng.uniform(0, 12, (30, 2)), axis=1):
        slow = fine[int(a * 1000) : int(b * 1000) + 1].mean()
        assert span_means(scores, t_s, np.array([[a, b]]), end_s=12.0)[0] == pytest.approx(
            slow, abs=0.02
        )


def test_no_content_leaves_the_prior_and_content_moves_it():
    spans, weights = np.array([[0.0, 5.0], [15.0, 20.0]]), np.array([0.6, 0.4])
    t_s = np.arange(20.0)
    late = (t_s >= 15).astype(float)
    args = dict(end_s=20.0, spans=spans, weights=weights)
    assert expected_moments(late, t_s, content_weight=0.0, **args)[0] == Moment(
        0.0, 5.0, pytest.approx(0.6)
    )
    moved = expected_moments(late, t_s, content_weight=1.0, **args)[0]
    assert (moved.start_s, moved.end_s) == (15.0, 20.0) and moved.score > 0.6
    np.testing.assert_allclose(
        posterior_weights(np.zeros(20), t_s, content_weight=9.0, **args), weights
    )


def test_the_expected_iou_beats_the_likeliest_span():
    """One sharp guess of weight 0.3 against seven that agree roughly.

    The rough agreement overlaps more.
    """
    spans = np.array([[0.0, 2.0], *[[10.0 + i, 16.0 + i] for i in range(7)]])
    best = expected_moments(
        np.zeros(30),
        np.arange(30.0),
        end_s=30.0,
        spans=spans,
        weights=np.array([0.3] + [0.1] * 7),
        content_weight=0.0,
    )[0]
    assert best.start_s >= 10 and best.end_s <= 22
    expected = span_iou(candidate_spans(30.0), spans) @ np.array([0.3] + [0.1] * 7)
    assert best.score == pytest.approx(expected.max())


def test_several_moments_do_not_overlap():
    rng = np.random.default_rng(0)
    spans = np.sort(rng.uniform(0, 60, (40, 2)), axis=1)
    found = expected_moments(
        rng.normal(size=60),
        np.arange(60.0),
        end_s=60.0,
        spans=spans,
        weights=np.ones(40) / 40,
        content_weight=0.7,
        k=3,
        max_overlap=0.1,
    )
    rows = np.array([(m.start_s, m.end_s) for m in found])
    assert len(found) == 3 and np.all(span_iou(rows, rows)[np.triu_indices(3, 1)] <= 0.1)


def test_standard_scores():
    assert standard(np.full(4, 2.0)).tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(
        [standard(np.arange(9.0)).mean(), standard(np.arange(9.0)).std()], [0, 1], atol=1e-12
    )
    assert content_scores(np.array([0, 0, 1.0]), np.array([1.0, 0, 0])).argmax() == 2


def test_scores_and_times_must_agree():
    with pytest.raises(ValueError, match=r"both be \(N,\)"):
        rising_moments(np.ones(3), np.arange(4.0), end_s=4.0)
    with pytest.raises(ValueError, match="increasing"):
        rising_moments(np.array([0.0, 1.0]), np.array([1.0, 0.0]), end_s=4.0)
