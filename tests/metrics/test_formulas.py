"""Formulas by hand: each of these was once changed without any test that failed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from svqa.metrics import bootstrap_over_groups, compare_paired, recall_at_k, reliability
from svqa.metrics.ab_testing import ABTest
from svqa.metrics.betting import Stretches, log_capital
from svqa.metrics.few_videos import bounds_of, interval_of_few, widest_interval
from svqa.metrics.highlights import highlight_values

UNEQUAL = np.repeat(np.arange(40), np.where(np.arange(40) % 2, 1, 19))  # videos of 19 and 1


def jitter(seed: int = 0) -> np.ndarray:
    return 0.5 + 0.001 * np.random.default_rng(seed).standard_normal(len(UNEQUAL))


def test_a_resample_is_divided_by_the_questions_that_it_holds():
    """Every question counts half, so every resample's mean is half, whichever videos it drew."""
    found = bootstrap_over_groups(jitter(), UNEQUAL, seed=0)
    assert found.high - found.low < 0.001
    pair = compare_paired(jitter(), np.zeros(len(UNEQUAL)), UNEQUAL)
    assert pair.high - pair.low < 0.001 and pair.low < 0.5 < pair.high


def test_the_observed_signs_count_among_the_permuted_ones():
    """p is never 0: of 999 draws and the sample itself, the sample is as extreme as itself."""
    pair = compare_paired(np.ones(40), np.zeros(40), np.arange(40), draws=999)
    assert pair.p == 1 / 1000


def test_detectable_is_what_80_percent_power_takes():
    """(1.96 + 0.84) standard errors, where half of the interval is 1.96 of them."""
    difference = np.random.default_rng(3).normal(0, 0.2, 400)
    pair = compare_paired(difference, np.zeros(400), np.arange(400), draws=8000)
    assert pair.detectable / ((pair.high - pair.low) / 2) == pytest.approx(2.80 / 1.96, abs=0.06)


def test_equivalence_holds_at_95_percent_on_either_side():
    """Copies on 300 videos are within two points; 150 cannot say so, though at 80 % they could."""
    verdicts = [
        compare_paired(np.ones(n), np.ones(n), np.arange(n), draws=100).verdict for n in (150, 300)
    ]
    assert verdicts == ["undecided", "equivalent"]


def test_bins_of_a_calibration_count_by_their_answers():
    """Nine answers are .1 off and one is .9 off: the error is .18, not the mean of the bins, .5."""
    curve = reliability([0.9] * 9 + [0.1], [1] * 9 + [1])
    assert curve.expected_error == pytest.approx(0.18)


def test_recall_looks_at_the_first_k_alone():
    sixth = [False] * 5 + [True]
    assert (recall_at_k(sixth, 5), recall_at_k(sixth, 6)) == (0.0, 1.0)


def test_arms_of_unequal_share_spread_more():
    """A score of variance 1/4 at most, weighed by one over its arm's share: 1/4 (1/.2 + 1/.8)."""
    test = ABTest("any", share_b=0.2)
    test.record("film", "question", 1.0)
    assert test.units().spread == pytest.approx(0.25 * (5 + 1.25))
    assert test.read().difference != 0 and ABTest("any").read().difference == 0.0


def test_a_score_is_weighed_against_the_mean_of_those_before_it():
    """(score - guess) / share: the guess is half at first, then (0 + 1/2) / (1 + 1)."""
    test = ABTest("any")
    of = {"one": 0.0, "two": 1.0}
    signs = [1 if test.record(film, "question", x) == "b" else -1 for film, x in of.items()]
    expected = [signs[0] * (0 - 0.5) / 0.5, signs[1] * (1 - 0.25) / 0.5]
    assert test.units().sums.tolist() == pytest.approx(expected)


def test_a_stake_shrinks_with_the_time_and_not_before_the_horizon():
    """Root of 2 log(2 / alpha) / (variance times the greater of t log(t + 1) and the horizon)."""
    sums, one = np.tile([0.5, -0.5], 200), np.ones(400)
    units = Stretches(sums, one, -one, one, 0.25)
    capital = [
        log_capital(units, np.array([0.1]), horizon=horizon, alpha=0.05)[:, 0]
        for horizon in (1.0, 400.0)
    ]
    up = down = off = 0.0
    variance = 0.25
    for t, value in enumerate(sums.tolist(), start=1):
        stake = np.sqrt(2 * np.log(40) / (variance * max(t * np.log(t + 1), 1.0)))
        up += np.log1p(min(stake, 0.75 / 1.1) * (value - 0.1))
        down += np.log1p(-min(stake, 0.75 / 0.9) * (value - 0.1))
        off += (value - sums[:t].mean()) ** 2
        variance = (0.25 + off) / (t + 1)
    assert capital[0][-1] == pytest.approx(np.logaddexp(up, down) - np.log(2))
    assert abs(capital[1][5]) < abs(capital[0][5]), "a far horizon stakes less at first"


def test_five_videos_are_taken_as_five_trials_and_six_by_their_spread():
    sums = np.array([0.9, 0.8, 0.9, 0.8, 0.9, 0.8])
    bounds = (0.0, 1.0)
    for n, alike in ((5, True), (6, False)):
        ones, part = np.ones(n) * 20, sums[:n] * 20
        found = interval_of_few(part, ones, bounds)
        widest = widest_interval(float(part.sum() / ones.sum()), ones, bounds)
        assert (found == pytest.approx(widest)) == alike, n


def test_shares_of_few_videos_have_as_many_trials_as_would_have_spread_so():
    """m (1 - m) over the squared error of the mean, times (1.96 / t)^2: Korn and Graubard 1998."""
    rng = np.random.default_rng(4)
    counts, sums = np.full(10, 30.0), rng.binomial(30, 0.5, 10).astype(float)
    shares = sums / 30
    m, squared = shares.mean(), shares.var(ddof=1) / 10
    trials = m * (1 - m) / squared * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 9)) ** 2
    trials = float(np.clip(trials, 10, 300))
    assert 10 < trials < 300, "neither of the limits decides"
    low = stats.beta.ppf(0.025, m * trials, (1 - m) * trials + 1)
    high = stats.beta.ppf(0.975, m * trials + 1, (1 - m) * trials)
    assert interval_of_few(sums, counts, (0.0, 1.0)) == pytest.approx((low, high))


def test_values_beyond_one_have_no_bounds():
    assert bounds_of(np.array([-1.5, 0.0])) == bounds_of(np.array([0.0, 1.5])) == (-np.inf, np.inf)
    assert bounds_of(np.array([-1.0, 1.0])) == (-1.0, 1.0) and bounds_of(np.ones(2)) == (0.0, 1.0)


def test_many_videos_that_agree_are_no_certainty():
    """All of sixty right: the mean may be below 1, and so may the difference of two models."""
    found = bootstrap_over_groups(np.ones(60), np.arange(60), seed=0)
    assert 0.9 < found.low < 1.0
    pair = compare_paired(np.ones(60), np.zeros(60), np.arange(60))
    assert 0.5 < pair.low < 1.0
    beyond = compare_paired(np.full(60, 3.0), np.zeros(60), np.arange(60))
    assert beyond.low == beyond.high == 3.0, "nothing bounds what lies beyond one"


def test_a_score_of_one_shares_the_last_bin():
    curve = reliability([0.95, 1.0], [1, 0])
    assert curve.counts.tolist() == [2] and curve.expected_error == pytest.approx(0.475)


def test_highlights_are_judged_person_by_person_however_many_there_are():
    """Two clips, three people: the mean of the three average precisions, by hand."""
    ratings = np.array([[4, 4, 0], [0, 0, 4]])
    found = highlight_values([0.9, 0.1], ratings)
    assert found["hl_map_very_good"] == pytest.approx((1 + 1 + 0.5) / 3)
