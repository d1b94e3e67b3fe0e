"""Formulas by hand: each of these was once changed without any test that failed."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.metrics import bootstrap_over_groups, compare_paired, recall_at_k, reliability

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
