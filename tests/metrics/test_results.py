"""The figure every evaluation reports.

Its interval must know that questions of one video are not independent.
"""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.metrics import EvalResult, Figure, bootstrap_over_groups, figures_by_type


def test_value_is_the_plain_mean_and_n_counts_questions():
    figure = bootstrap_over_groups([1, 0, 0, 1, 1], ["a", "a", "b", "c", "c"], seed=0)
    assert figure.value == pytest.approx(0.6)
    assert figure.n == 5
    assert figure.low <= figure.value <= figure.high


def test_interval_is_wider_when_questions_of_a_video_agree():
    values = np.repeat([0.0, 1.0], 50)
    independent = bootstrap_over_groups(values, range(100), seed=1)
    clustered = bootstrap_over_groups(values, np.repeat(np.arange(10), 10), seed=1)
    assert clustered.high - clustered.low > 2 * (independent.high - independent.low)


def test_interval_of_independent_questions_matches_the_binomial():
    rng = np.random.default_rng(0)
    values = (rng.random(2000) < 0.54).astype(float)
    figure = bootstrap_over_groups(values, range(2000), seed=0)
    half = 1.96 * np.sqrt(values.mean() * (1 - values.mean()) / 2000)
    assert (figure.high - figure.low) / 2 == pytest.approx(half, rel=0.1)


def test_same_seed_same_interval_and_order_of_questions_does_not_matter():
    rng = np.random.default_rng(3)
    values, groups = rng.random(60), rng.integers(0, 9, 60)
    order = rng.permutation(60)
    one = bootstrap_over_groups(values, groups, seed=5)
    assert one == bootstrap_over_groups(values, groups, seed=5)
    other = bootstrap_over_groups(values[order], groups[order], seed=5)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


@pytest.mark.parametrize("values, groups", [([], []), ([1.0], ["a", "b"]), ([float("nan")], ["a"])])
def test_bad_input_is_refused(values, groups):
    with pytest.raises(ValueError):
        bootstrap_over_groups(values, groups, seed=0)


def test_types_are_measured_on_their_own_questions():
    by_type = figures_by_type([1, 0, 1, 1], ["a", "a", "b", "b"], ["C", "T", "C", "T"], seed=0)
    assert by_type["C"]["accuracy"].value == 1.0
    assert by_type["T"]["accuracy"].value == 0.5


def test_json_has_the_form_of_the_contract():
    figure = Figure(0.5, 0.4, 0.6, 10)
    result = EvalResult(
        10,
        {"accuracy": figure},
        by_type={"C": {"accuracy": figure}},
        baselines={"chance": {"accuracy": figure}},
    )
    out = result.to_json()
    assert out["n"] == 10
    assert {"value", "low", "high"} <= set(out["accuracy"])
    assert out["by_type"]["C"]["accuracy"]["value"] == 0.5
    assert out["baselines"]["chance"]["accuracy"]["low"] == 0.4


def test_a_metric_may_not_take_a_reserved_name():
    with pytest.raises(ValueError, match="baselines"):
        EvalResult(1, {"baselines": Figure(0.5, 0.4, 0.6, 1)})


@pytest.mark.parametrize(
    "numbers", [(0.5, 0.6, 0.4, 3), (float("nan"), 0, 1, 3), (0.5, 0.4, 0.6, 0)]
)
def test_an_impossible_figure_is_refused(numbers):
    with pytest.raises(ValueError):
        Figure(*numbers)


@pytest.mark.parametrize(
    "values, videos, bounds",
    [
        ([1, 1, 0], "aaa", (0.0, 1.0)),  # three questions on one video
        ([1, 1, 1], "abc", (0.2924, 1.0)),  # 0.025 ** (1 / 3): the exact binomial interval
        ([1], "a", (0.025, 1.0)),
        ([0, 0, 0, 0], "aabb", (0.0, 0.8419)),
        ([0.5] * 5, "abcde", (0.0943, 0.9057)),
    ],
)
def test_few_videos_give_a_wide_interval(values, videos, bounds):
    found = bootstrap_over_groups(values, list(videos), seed=0)
    assert found.value == pytest.approx(np.mean(values))
    if set(videos) != {"a"} or len(videos) == 1:
        assert (found.low, found.high) == pytest.approx(bounds, abs=5e-4)
    assert found.high - found.low > 0.7


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.1, 0.1, 0.1], [1.0, 1.0], [-0.5]])
def test_few_differences_give_an_interval_of_differences(values):
    found = bootstrap_over_groups(values, range(len(values)), seed=0, bounds=(-1, 1))
    assert found.low < 0 and found.high - found.low > 1


def test_one_long_video_among_few_counts_as_one():
    alone = bootstrap_over_groups([1] * 103, ["long"] * 100 + ["b", "c", "d"], seed=0)
    assert alone.low < 0.05  # as if it were hardly more than one video, not four


def test_many_videos_keep_the_interval_of_the_resampling():
    few, many = (bootstrap_over_groups([1, 1, 0, 1] * n, range(4 * n), seed=0) for n in (4, 5))
    assert many.low == 0.55 and many.high == 0.9  # what resampling 20 videos alone gives
    assert few.low < 0.5


def test_seconds_of_few_videos_have_students_interval_or_none():
    found = bootstrap_over_groups([1.5, 0.0, 3.0], "aab", seed=0)
    assert found.low < -5 and found.high > 5  # of two videos: 12.7 standard errors
    with pytest.raises(UsageError, match="least and the greatest"):
        bootstrap_over_groups([3.0, 3.0], "ab", seed=0)
    with pytest.raises(UsageError, match="least and the greatest"):
        bootstrap_over_groups([3.0], "a", seed=0)
    assert bootstrap_over_groups([3.0, 3.0], "ab", seed=0, bounds=(0, 5)).high > 4.9


def test_of_few_videos_an_interval_of_shares_holds_the_truth_as_often_as_it_says():
    rng, missed = np.random.default_rng(1), 0
    for seed in range(200):
        level = rng.beta(4, 2, size=12)  # each video its own difficulty, 8 questions of each
        right = (rng.random((12, 8)) < level[:, None]).astype(float)
        found = bootstrap_over_groups(right.ravel(), np.repeat(np.arange(12), 8), seed, n=200)
        missed += not found.low <= 4 / 6 <= found.high
    assert missed <= 10  # 5 % of 200; resampling alone misses more often
