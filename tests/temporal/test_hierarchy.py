"""Levels over time: nested, exact means, the same by chunk as at once."""

import itertools

import numpy as np
import pytest

from svqa.records import VectorSet
from svqa.temporal import extend, levels_of, pool_mean, segments_of, unit


def frames_of(n, *, every_s=0.5, dim=8, seed=0):
    t_s = np.arange(n) * every_s
    values = unit_rows(np.random.default_rng(seed).normal(size=(n, dim)))
    return VectorSet("frame", "visual", "m", np.stack([t_s, t_s + every_s], axis=1), values)


def unit_rows(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def part(vectors, start_s, end_s):
    rows = (vectors.spans[:, 0] >= start_s) & (vectors.spans[:, 0] < end_s)
    return VectorSet(
        vectors.level, vectors.modality, vectors.model_id, vectors.spans[rows], vectors.values[rows]
    )


@pytest.mark.parametrize("duration_s", [0.04, 3.0, 5.0, 29.97, 30.0, 30.03, 61.5])
@pytest.mark.parametrize("cuts_s", [(), (2.2, 5.0, 13.7, 29.9, 31.0)])
def test_segments_cover_without_gap_and_nest(duration_s, cuts_s):
    segments = segments_of(duration_s, cuts_s=cuts_s)
    scenes = segments_of(duration_s, level="scene", cuts_s=cuts_s)
    for rows in (segments, scenes):
        assert rows[0].start_s == 0 and rows[-1].end_s == duration_s
        assert all(a.end_s == b.start_s for a, b in itertools.pairwise(rows))
    for s in segments:
        assert sum(c.start_s <= s.start_s and s.end_s <= c.end_s for c in scenes) == 1
        assert not any(s.start_s < cut < s.end_s for cut in cuts_s)


def test_segments_of_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="finite"):
        segments_of(float("nan"))
    with pytest.raises(ValueError, match="length_s"):
        segments_of(10.0, length_s=0)
    with pytest.raises(ValueError, match="length_s"):
        segments_of(10.0, level="shot")


def test_a_scene_is_the_mean_of_its_frames():
    frames = frames_of(130)
    low = pool_mean(frames, segments_of(65.0, cuts_s=[3.3, 41.0]))
    scenes = pool_mean(low, segments_of(65.0, level="scene"))
    for (start_s, end_s), mean, count in zip(
        scenes.vectors.spans, scenes.vectors.values, scenes.counts, strict=True
    ):
        rows = part(frames, start_s, end_s)
        assert count == len(rows)
        np.testing.assert_allclose(mean, rows.values.mean(axis=0, dtype=np.float64), atol=1e-6)


def test_pool_mean_equals_the_obvious_loop_and_ignores_the_order_of_rows():
    frames = frames_of(77, every_s=0.37)
    segments = segments_of(40.0)  # the last segments hold no frame at all
    shuffled = np.random.default_rng(1).permutation(len(frames))
    mixed = VectorSet("frame", "visual", "m", frames.spans[shuffled], frames.values[shuffled])
    slow = {(s.start_s, s.end_s): part(frames, s.start_s, s.end_s) for s in segments}
    for pooled in (pool_mean(frames, segments), pool_mean(mixed, segments)):
        assert [tuple(s) for s in pooled.vectors.spans.tolist()] == [
            k for k, rows in slow.items() if len(rows)
        ]
        for span, value in zip(pooled.vectors.spans.tolist(), pooled.vectors.values, strict=True):
            np.testing.assert_allclose(
                value, slow[tuple(span)].values.astype(np.float64).mean(0), atol=1e-6
            )


def test_chunk_by_chunk_equals_all_at_once():
    frames, duration_s, cuts_s = frames_of(301, every_s=0.33), 99.0, (12.34, 30.0, 59.0, 61.0)
    whole = levels_of(frames, duration_s, cuts_s=cuts_s)
    for at in range(2):
        pieces = [
            levels_of(part(frames, a, a + 30), min(a + 30, duration_s), cuts_s=cuts_s, since_s=a)[
                at
            ]
            for a in range(0, 99, 30)
        ]
        np.testing.assert_array_equal(np.concatenate([p.spans for p in pieces]), whole[at].spans)
        np.testing.assert_array_equal(np.concatenate([p.values for p in pieces]), whole[at].values)


def test_extend_equals_pooling_everything_and_reads_only_the_changed_rows():
    frames = frames_of(80)
    before = pool_mean(part(frames, 0, 28), segments_of(28.0))
    now = segments_of(40.0)
    after = extend(before, part(frames, 25, 40), now, since_s=28.0)
    whole = pool_mean(frames, now)
    np.testing.assert_array_equal(after.vectors.spans, whole.vectors.spans)
    np.testing.assert_array_equal(after.vectors.values, whole.vectors.values)
    np.testing.assert_array_equal(after.counts, whole.counts)


def test_few_vectors_are_added():
    frames = frames_of(3600, every_s=1.0)
    assert sum(map(len, levels_of(frames, 3600.0))) <= 0.24 * len(frames)


def test_unit_leaves_out_what_cancelled():
    values = np.array([[3, 4], [0, 0]], np.float32)
    rows = unit(VectorSet("segment", "visual", "m", [[0, 5], [5, 10]], values))
    np.testing.assert_allclose(rows.values, [[0.6, 0.8]])
    np.testing.assert_array_equal(rows.spans, [[0, 5]])


def test_no_frames_and_one_frame():
    assert [len(v) for v in levels_of(frames_of(0), 12.0)] == [0, 0]
    assert [len(v) for v in levels_of(frames_of(1), 0.04)] == [1, 1]
