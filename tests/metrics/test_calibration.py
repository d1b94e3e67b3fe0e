"""Calibration on scores whose honesty is known because the answers are drawn from it."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.metrics import fit_temperature, reliability, risk_coverage, softmax


def test_honest_scores_have_no_error_and_boastful_ones_have():
    rng = np.random.default_rng(0)
    truth = rng.random(20_000)
    right = (rng.random(20_000) < truth).astype(float)
    assert reliability(truth, right).expected_error < 0.02
    assert reliability(np.sqrt(truth), right).expected_error > 0.1


def test_reliability_by_hand():
    curve = reliability([0.95, 0.95, 0.15, 0.15], [1, 0, 0, 0])
    assert curve.counts.tolist() == [2, 2]
    assert curve.accuracy.tolist() == [0.0, 0.5]
    assert curve.expected_error == pytest.approx(0.5 * 0.15 + 0.5 * 0.45)


def test_a_score_of_one_falls_into_the_last_bin():
    assert reliability([1.0, 0.0], [1, 0]).expected_error == 0.0


@pytest.mark.parametrize("sharpened", [0.5, 1.0, 3.0])
def test_temperature_undoes_a_known_sharpening(sharpened):
    rng = np.random.default_rng(1)
    honest = rng.normal(size=(8000, 5)) * 1.5
    answers = np.array([rng.choice(5, p=row) for row in softmax(honest)])
    assert fit_temperature(honest * sharpened, answers) == pytest.approx(sharpened, rel=0.08)


def test_temperature_changes_no_choice_and_lowers_the_calibration_error_of_new_questions():
    rng = np.random.default_rng(2)
    honest = rng.normal(size=(6000, 5))
    answers = np.array([rng.choice(5, p=row) for row in softmax(honest)])
    boastful = honest * 4
    temperature = fit_temperature(boastful[:3000], answers[:3000])
    raw, cooled = softmax(boastful[3000:]), softmax(boastful[3000:], temperature=temperature)
    right = (raw.argmax(1) == answers[3000:]).astype(float)
    assert (raw.argmax(1) == cooled.argmax(1)).all()
    assert (
        reliability(cooled.max(1), right).expected_error
        < reliability(raw.max(1), right).expected_error / 3
    )


def test_risk_coverage_by_hand():
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert curve.best_area == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_a_score_that_says_nothing_has_the_error_rate_as_its_area_whatever_the_order():
    right = np.array([1, 1, 0, 0, 1.0])
    for order in (np.arange(5), np.arange(5)[::-1]):
        assert risk_coverage(np.full(5, 0.5), right[order]).area == pytest.approx(0.4)


def test_a_perfect_score_reaches_the_best_area():
    right = np.array([1, 0, 1, 1, 0.0])
    curve = risk_coverage(0.1 + 0.8 * right, right)
    assert curve.area == pytest.approx(curve.best_area, abs=0.1) and curve.risk[0] == 0.0


@pytest.mark.parametrize(
    "scores, right", [([], []), ([0.5], [1, 0]), ([1.5], [1]), ([float("nan")], [1])]
)
def test_bad_scores_are_refused(scores, right):
    with pytest.raises(ValueError):
        reliability(scores, right)
