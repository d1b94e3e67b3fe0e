"""What must hold of windows, levels and spans whatever the video is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from svqa.records import VectorSet
from svqa.temporal import levels_of, order_aware, pool_mean, segments_of, slide_mean
from svqa.temporal.moments import rising_moments, span_iou

DURATIONS = st.floats(0.05, 200.0)
CUTS = st.lists(st.floats(0.0, 200.0), max_size=6)


def frames_of(n: int, seed: int, every_s: float = 0.5) -> VectorSet:
    t_s = np.arange(n) * every_s
    values = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    return VectorSet("frame", "visual", "m", np.stack([t_s, t_s + every_s], axis=1), values)


@given(DURATIONS, CUTS)
def test_segments_cover_the_video_without_gap_and_cross_no_cut(duration_s, cuts_s):
    found = segments_of(duration_s, cuts_s=sorted(cuts_s))
    assert found[0].start_s == 0 and found[-1].end_s == duration_s
    assert all(a.end_s == b.start_s for a, b in pairwise(found))
    for cut_s in cuts_s:
        inside = [s for s in found if s.start_s + 1e-5 < cut_s < s.end_s - 1e-5]
        assert inside == [], "a cut is a boundary"


@given(st.integers(1, 120), st.integers(0, 9))
def test_a_scene_is_the_mean_of_its_frames_however_it_was_pooled(n, seed):
    frames = frames_of(n, seed)
    end_s = float(frames.spans[-1, 1])
    segments, scenes = segments_of(end_s), segments_of(end_s, level="scene")
    twice = pool_mean(pool_mean(frames, segments), scenes)
    once = pool_mean(frames, scenes)
    np.testing.assert_allclose(twice.vectors.values, once.vectors.values, atol=1e-5)
    assert twice.counts.sum() == n
    assert [len(level) for level in levels_of(frames, end_s)] == [len(segments), len(scenes)]


@given(st.integers(2, 40), st.integers(0, 9), st.floats(0.0, 30.0))
def test_a_sliding_mean_stays_between_the_least_and_the_most(n, seed, window_s):
    frames = frames_of(n, seed)
    slid = slide_mean(frames.values, frames.spans[:, 0], window_s=window_s)
    assert slid.shape == frames.values.shape
    assert np.all(slid <= frames.values.max(axis=0) + 1e-5)
    assert np.all(slid >= frames.values.min(axis=0) - 1e-5)


@given(st.integers(3, 30), st.integers(0, 9))
def test_an_order_aware_vector_tells_a_video_from_its_reverse_and_a_mean_does_not(n, seed):
    frames = frames_of(n, seed)
    t_s = frames.spans[:, 0]
    forwards, backwards = order_aware(frames.values, t_s), order_aware(frames.values[::-1], t_s)
    assert not np.allclose(forwards, backwards, atol=1e-3)
    turned = VectorSet("frame", "visual", "m", frames.spans, frames.values[::-1])
    whole = segments_of(float(frames.spans[-1, 1]), level="scene")
    one, other = (pool_mean(rows, whole).vectors.values for rows in (frames, turned))
    np.testing.assert_allclose(one, other, atol=1e-5)


SPANS = st.tuples(st.floats(0.0, 50.0), st.floats(0.1, 50.0)).map(lambda x: (x[0], x[0] + x[1]))


@given(st.lists(SPANS, min_size=1, max_size=5), st.lists(SPANS, min_size=1, max_size=5))
def test_span_iou_is_symmetric_and_bounded(a, b):
    one, other = np.array(a), np.array(b)
    found = span_iou(one, other)
    assert np.all((found >= 0) & (found <= 1 + 1e-9))
    np.testing.assert_allclose(found, span_iou(other, one).T, atol=1e-9)
    assert np.diag(span_iou(one, one)) == pytest.approx(np.ones(len(one)))


@given(st.integers(1, 30), st.integers(0, 30))
def test_moments_that_rise_lie_in_the_video_and_do_not_overlap(n, seed):
    scores = np.random.default_rng(seed).normal(size=n)
    spans = np.stack([np.arange(n) * 5.0, np.arange(n) * 5.0 + 5.0], axis=1)
    found = sorted(rising_moments(scores, spans[:, 0], end_s=5.0 * n), key=lambda m: m.start_s)
    assert all(0 <= m.start_s < m.end_s <= 5.0 * n for m in found)
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))
