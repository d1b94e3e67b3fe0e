"""A comparison keeps its error rate, has power, and treats a video as one unit."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.metrics import compare_paired, holm


def two_models(
    seed: int, *, gap: float = 0.0, videos: int = 60
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right / wrong of two models that differ by `gap` in truth.

    With difficulty and taste shared within a video.
    """
    rng = np.random.default_rng(seed)
    video = np.repeat(np.arange(videos), rng.integers(3, 9, size=videos))
    level, taste = 0.5 + 0.15 * rng.standard_normal(videos), 0.1 * rng.standard_normal(videos)
    chance = (np.clip(level + sign * (taste + gap) / 2, 0, 1)[video] for sign in (1, -1))
    a, b = ((rng.random(len(video)) < p).astype(float) for p in chance)
    return a, b, video


def test_equal_models_are_seldom_called_different():
    verdicts = [
        compare_paired(*two_models(seed), seed=seed, draws=400).verdict for seed in range(200)
    ]
    assert verdicts.count("better") <= 20  # 5 % of 200 is 10; twice that would be a broken test


def test_a_real_difference_is_found_and_named():
    found = compare_paired(*two_models(0, gap=0.3), seed=0)
    assert found.verdict == "better" and found.winner == "a"
    assert found.low <= found.difference <= found.high and found.low > 0 and found.p < 0.01


def test_the_sides_are_symmetric():
    a, b, video = two_models(3, gap=0.1)
    there, back = compare_paired(a, b, video, seed=1), compare_paired(b, a, video, seed=1)
    assert there.difference == pytest.approx(-back.difference)
    assert there.p == pytest.approx(back.p)


def test_copies_are_equivalent_and_few_questions_are_undecided():
    a, _, video = two_models(1, videos=300)
    assert compare_paired(a, a, video).verdict == "equivalent"
    few = video < 100
    assert compare_paired(a[few], a[few], video[few]).verdict == "undecided", "100 say too little"
    assert compare_paired(a[:12], 1 - a[:12] * 0.5, video[:12]).verdict in ("undecided", "better")
    assert compare_paired(*two_models(5, videos=8), seed=0).verdict == "undecided"


def test_a_difference_in_rare_videos_is_not_missed_for_equivalence():
    """A is right and B wrong on all of one video in twenty: most samples of 20 hold none or one."""
    found = []
    for seed in range(40):
        video, differs = np.arange(100) // 5, np.random.default_rng(seed).random(20) < 0.05
        found.append(compare_paired(np.ones(100), 1.0 - differs[video], video, draws=400).verdict)
    assert "equivalent" not in found and found.count("undecided") > 30


def test_the_best_of_many_equal_ones_is_seldom_called_better():
    plain, corrected = [], []
    for seed in range(40):
        rng, video = np.random.default_rng(seed), np.arange(150) // 5
        base, *others = (rng.random((21, 150)) < 0.5).astype(float)
        best = max(others, key=np.mean)
        plain.append(compare_paired(best, base, video, draws=2000).verdict)
        corrected.append(compare_paired(best, base, video, draws=2000, chosen_of=20).verdict)
    assert corrected.count("better") <= 4 < plain.count("better")


def test_many_questions_of_few_videos_are_not_many_observations():
    a = np.array([1.0] * 50 + [0.0] * 50 + [1.0] * 50 + [1.0] * 50)
    b = 1 - a
    one_unit = compare_paired(a, b, np.arange(200) // 50)
    as_if_independent = compare_paired(a, b, np.arange(200))
    assert as_if_independent.verdict == "better"
    assert one_unit.verdict == "undecided" and one_unit.mcnemar_p < 0.001


def test_sign_flip_is_exact_for_few_videos():
    found = compare_paired([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], range(5))
    assert found.p == pytest.approx(2 / 2**5)  # all five signs alike, either way


def test_mcnemar_by_hand():
    a, b = [1] * 8 + [0] * 2, [0] * 8 + [1] * 2
    # 2 * P(X <= 2), X ~ Bin(10, 1/2)
    assert compare_paired(a, b, range(10)).mcnemar_p == pytest.approx(0.109375)
    assert compare_paired([0.5, 1.0], [0.2, 0.1], range(2)).mcnemar_p is None


def test_detectable_difference_shrinks_with_more_videos():
    few, many = (
        compare_paired(*two_models(0, videos=20)),
        compare_paired(*two_models(0, videos=320)),
    )
    assert many.detectable == pytest.approx(few.detectable / 4, rel=0.35)


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == {"a": 0.03, "c": 0.06, "b": 0.06}


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="same questions"):
        compare_paired([1, 0], [1], [0, 1])
    with pytest.raises(UsageError, match="two videos"):
        compare_paired([1, 0], [0, 1], [0, 0])


@pytest.mark.parametrize("videos", [2, 3, 10, 19])
@pytest.mark.parametrize("gain", [0.0, 0.01])
def test_few_videos_without_a_spread_are_undecided(videos, gain):
    found = compare_paired([0.5 + gain] * videos, [0.5] * videos, range(videos))
    assert found.verdict == "undecided" and found.winner is None
    assert found.low < -0.1 and found.high > 0.1 and found.detectable > 0.2


def test_six_videos_decide_where_all_of_them_agree_and_five_do_not():
    verdicts = [
        compare_paired([1, 0.9] * 3, [0.1] * 6, range(6)),
        compare_paired([1] * 5, [0] * 5, range(5)),
    ]
    assert [found.verdict for found in verdicts] == ["better", "undecided"]
    assert verdicts[1].low < 0  # though all five say the same


def test_a_shown_difference_of_few_videos_has_the_width_of_students_t():
    found = compare_paired([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.2, 0.2], [0] * 8, range(8))
    half = 2.3646 * np.std([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.2, 0.2], ddof=1) / 8**0.5
    assert found.high - found.difference == pytest.approx(half, rel=0.01)


def test_of_few_videos_an_interval_holds_the_truth_as_often_as_it_says():
    rng, missed = np.random.default_rng(0), 0
    for seed in range(300):
        a, b = ((rng.random(8) < 0.9).astype(float) for _ in "ab")
        found = compare_paired(a, b, range(8), seed=seed, draws=200)
        missed += not found.low <= 0 <= found.high
    assert missed <= 15  # 5 % of 300
