"""The simulation simulates what it says; its committed figures keep the comparison's error rate."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments.comparison_simulation.comparisons import (
    paired_verdicts,
    rare_differences,
    sequential_decisions,
    simulate_questions,
    wilson,
)
from experiments.comparison_simulation.promotion import EXAMS, promotions
from experiments.comparison_simulation.run import GAINS, QUESTIONS, WORLD
from tests.helpers.imports import REPOSITORY

COMMITTED = REPOSITORY / "experiments/comparison_simulation/result.json"


def test_questions_of_one_video_are_alike_and_the_gap_is_the_one_asked_for():
    a, b, video = simulate_questions(np.random.default_rng(0), videos=3000, gap=0.1)
    assert b.mean() - a.mean() == pytest.approx(0.1, abs=0.02)
    means = np.bincount(video, weights=a) / np.bincount(video)
    # the variance of a video's mean if its questions were independent
    alone = 0.25 / np.bincount(video).mean()
    assert means.var() > 1.3 * alone


def test_wilson_by_hand():
    figure = wilson([True] * 10 + [False] * 90)
    assert (figure.value, round(figure.low, 4), round(figure.high, 4)) == (0.1, 0.0552, 0.1744)


def test_a_few_hundred_sets_keep_the_error_and_find_a_large_difference():
    equal = paired_verdicts(120, videos=60, gap=0.0, draws=400)
    assert (
        equal["called different"].value <= 0.12 and equal["interval holds the truth"].value >= 0.88
    )
    large = paired_verdicts(30, videos=60, gap=0.25, draws=400)
    assert large["called different"].value >= 0.9 and large["wrong side"].value == 0


def test_reading_after_every_video_misleads_a_fixed_n_interval_and_not_the_sequential_test():
    found = sequential_decisions(40, videos=80, gap=0.0)
    assert found["decided"].value <= 0.05 < found["naive"].value


def test_the_committed_figures_keep_what_is_promised():
    """At most 5 % of 1,000 pairs of equal models are called different, by either comparison."""
    found = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for kind, alarm in (("paired", "called different"), ("sequential", "decided")):
        equal = found[kind]["equal models"][alarm]
        assert equal["n"] == 1000 and equal["value"] <= 0.05, (kind, equal)
    power = found["paired"]["0.05 better"]
    assert power["called different"]["value"] > 0.3 and power["wrong side"]["value"] == 0


def test_the_choice_of_a_checkpoint_is_paid_for():
    """Twenty equal checkpoints: the best of them misleads a comparison that knows of no choice."""
    same = {"videos": 60, "exams": 20, "world": WORLD, "questions": QUESTIONS}
    promoted, naive = promotions(60, gap=0.0, **same)
    assert sum(promoted) <= 2 and sum(naive) >= 5
    assert sum(promotions(20, gap=0.2, **same)[0]) >= 18


def test_four_points_in_rare_videos_are_no_equivalence():
    found = rare_differences(100, videos=5, share=0.04, draws=500)
    assert found["called equivalent"].value == 0 and found["by resampling alone"].value > 0.6


def test_the_committed_figures_of_an_audit_s_cases():
    """Four and five points apart are never called equivalent; equal versions rarely promoted."""
    found = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for kind in ("rare", "rarer"):
        for n in ("5", "20"):
            assert found[kind][n]["called equivalent"]["value"] == 0
            assert found[kind][n]["by resampling alone"]["value"] > 0.3
    rows = {(row["gap"], row["exams"]): row for row in found["promotion"]}
    assert set(rows) == {(gap, exams) for gap in (0.0, *GAINS) for exams in EXAMS}
    for exams in EXAMS:
        assert rows[0.0, exams]["promoted"]["high"] <= 0.05
        assert rows[0.1, exams]["promoted"]["value"] > 0.5
    assert rows[0.0, 20]["without correction"]["low"] > 0.05
