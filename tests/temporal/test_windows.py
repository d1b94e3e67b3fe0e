"""Windows over time: every running sum against the obvious loop, and what order means."""

import numpy as np
import pytest

from svqa.temporal import (
    context_aware,
    deltas,
    order_aware,
    order_moments,
    slide_attention,
    slide_exponential,
    slide_mean,
)


@pytest.fixture
def frames():
    rng = np.random.default_rng(3)
    t_s = np.cumsum(rng.uniform(0.1, 0.9, 40))
    return rng.normal(size=(40, 6)), t_s


@pytest.mark.parametrize("window_s", [0.0, 0.7, 3.0, 1e3])
def test_slide_mean_fast_equals_slow(frames, window_s):
    values, t_s = frames
    slow = [values[np.abs(t_s - t) <= window_s / 2].mean(axis=0) for t in t_s]
    np.testing.assert_allclose(
        slide_mean(values, t_s, window_s=window_s), slow, rtol=1e-5, atol=1e-6
    )


def test_slide_mean_survives_a_large_offset():
    values = np.full((100_000, 1), 1e4) + np.tile([[0.0], [1.0]], (50_000, 1))
    means = slide_mean(values, np.arange(100_000.0), window_s=3.0)
    np.testing.assert_allclose(means[1:-1].ravel() - 1e4, np.tile([2 / 4, 2 / 4], 49_999), atol=0.2)
    assert slide_mean(values, np.arange(100_000.0), window_s=0.0)[-1] == 10_001


def test_slide_exponential_fast_equals_slow(frames):
    values, t_s = frames
    slow = [
        np.average(values[: i + 1], axis=0, weights=0.5 ** ((t_s[i] - t_s[: i + 1]) / 1.5))
        for i in range(40)
    ]
    np.testing.assert_allclose(
        slide_exponential(values, t_s, half_life_s=1.5), slow, rtol=1e-5, atol=1e-6
    )


def test_slide_attention_fast_equals_slow_and_leans_to_the_query(frames):
    values, t_s = frames
    query = np.eye(6)[2]
    weight = np.exp(values @ query / 0.5)
    slow = [
        np.average(values[near], axis=0, weights=weight[near])
        for near in (np.abs(t_s - t) <= 1.0 for t in t_s)
    ]
    fast = slide_attention(values, t_s, query, window_s=2.0, temperature=0.5)
    np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5)
    assert np.all(fast[:, 2] >= slide_mean(values, t_s, window_s=2.0)[:, 2] - 1e-6)
    with pytest.raises(ValueError, match="temperature of at least"):
        slide_attention(values, t_s, query, window_s=2.0, temperature=0.01)


def test_deltas_are_per_second_so_the_sampling_rate_does_not_matter():
    for every_s in (0.25, 1.0):
        t_s = np.arange(0, 8, every_s)
        change, magnitude = deltas(t_s[:, None] * [3.0, 4.0], t_s)
        np.testing.assert_allclose(change[1:], np.tile([3.0, 4.0], (len(t_s) - 1, 1)), rtol=1e-6)
        np.testing.assert_allclose(magnitude, [0, *[5.0] * (len(t_s) - 1)], rtol=1e-6)


def test_deltas_peak_at_the_cut():
    values = np.concatenate([np.tile([1.0, 0.0], (10, 1)), np.tile([0.0, 1.0], (10, 1))])
    assert deltas(values, np.arange(20.0))[1].argmax() == 10


def test_context_smooths_within_a_shot_and_not_across_its_cut():
    rng = np.random.default_rng(0)
    shots = np.repeat(np.eye(2), 20, axis=0)
    noisy = shots + rng.normal(scale=0.1, size=shots.shape)
    smooth = context_aware(noisy, np.arange(40) * 0.5, near_s=2.0)
    assert np.abs(smooth - shots).max() < np.abs(noisy - shots).max()
    assert np.abs(smooth - shots)[18:22].max() < 0.15  # a plain mean would be off by 0.5 at the cut
    assert np.abs(slide_mean(noisy, np.arange(40) * 0.5, window_s=6.0) - shots)[18:22].max() > 0.3


def test_context_equals_the_obvious_loop(frames):
    values, t_s = frames
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    gap = t_s[:, None] - t_s[None]
    weight = (
        np.exp(-0.5 * (gap / 0.5) ** 2)
        * np.clip(unit @ unit.T, 0, None) ** 4
        * (np.abs(gap) <= 1.5)
    )
    expected = weight @ values / weight.sum(1, keepdims=True)
    np.testing.assert_allclose(
        context_aware(values, t_s, near_s=0.5, sharpness=4.0), expected, rtol=1e-4, atol=1e-5
    )


def test_reversal_flips_the_drift_and_shuffling_changes_it_and_neither_the_mean(frames):
    values, t_s = frames
    back_s = (t_s[0] + t_s[-1] - t_s)[::-1]
    np.testing.assert_allclose(
        order_moments(values[::-1], back_s), -order_moments(values, t_s), atol=1e-6
    )
    vector, reverse = order_aware(values, t_s), order_aware(values[::-1], back_s)
    np.testing.assert_allclose(reverse[:6], vector[:6], atol=1e-6)
    np.testing.assert_allclose(reverse[6:], -vector[6:], atol=1e-6)
    shuffled = order_aware(values[np.random.default_rng(0).permutation(40)], t_s)
    np.testing.assert_allclose(shuffled[:6], vector[:6], atol=1e-6)
    assert np.linalg.norm(shuffled[6:] - vector[6:]) > 0.1


def test_order_separates_motions_where_the_mean_is_at_chance():
    """A dot moves left to right or right to left before ten different backgrounds.

    Find the same motion.
    """
    rng = np.random.default_rng(5)
    t = np.linspace(0, 1, 12)[:, None]
    a, b = rng.normal(size=(2, 16))
    videos, motion = [], []
    for _ in range(20):
        scene = 3 * rng.normal(size=16)
        for sign in (0, 1):
            track = a * (1 - t) + b * t if sign else b * (1 - t) + a * t
            videos.append(
                scene
                + rng.normal(scale=0.1, size=16)
                + 0.3 * track
                + rng.normal(scale=0.05, size=(12, 16))
            )
            motion.append(sign)
    motion, scene_of = np.array(motion), np.arange(40) // 2

    def accuracy(rows):
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        # never the same scene
        cosine = rows @ rows.T - 10.0 * (scene_of[:, None] == scene_of[None])
        return np.mean(motion[cosine.argmax(axis=1)] == motion)

    assert accuracy(np.stack([order_aware(v, order_weight=3.0) for v in videos])) >= 0.95
    assert 0.2 < accuracy(np.stack([v.mean(axis=0) for v in videos])) < 0.8


def test_a_still_picture_has_no_order():
    still = np.tile(np.random.default_rng(0).normal(size=5), (9, 1)) + np.random.default_rng(
        1
    ).normal(scale=1e-5, size=(9, 5))
    assert np.linalg.norm(order_aware(still)[5:]) < 0.01
    assert order_aware(still[:1]).shape == (15,) and np.all(np.isfinite(order_aware(still[:1])))


def test_times_out_of_order_are_refused(frames):
    values, t_s = frames
    with pytest.raises(ValueError, match="increasing"):
        slide_mean(values, t_s[::-1], window_s=1.0)
    with pytest.raises(ValueError, match=r"\(N, D\)"):
        deltas(values, t_s[:-1])
