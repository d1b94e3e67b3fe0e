"""Routing is stable, the estimate is right, and looking often does not invent winners."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.metrics import ABTest, arm_of


def run(seed: int, gap: float, *, videos: int = 150, peek: bool = True) -> tuple[ABTest, bool]:
    """Feed questions one by one to an experiment whose B is better by `gap`.

    -> it, and whether it was ever decided.
    """
    rng, test, decided = np.random.default_rng(seed), ABTest(f"experiment {seed}"), False
    for video in range(videos):
        level = np.clip(0.5 + 0.15 * rng.standard_normal(), 0.05, 0.95)
        for question in range(rng.integers(3, 8)):
            chance = {"a": level, "b": min(1.0, level + gap)}[test.arm(str(video), str(question))]
            test.record(str(video), str(question), float(rng.random() < chance))
        decided = decided or (peek and test.read().decided)
    return test, decided


def test_the_same_question_meets_the_same_arm_and_arms_are_balanced():
    arms = [arm_of("x", f"question {i}") for i in range(4000)]
    assert arms == [arm_of("x", f"question {i}") for i in range(4000)]
    assert 0.45 < arms.count("b") / 4000 < 0.55
    assert 0.17 < [arm_of("x", str(i), share_b=0.2) for i in range(4000)].count("b") / 4000 < 0.23
    assert arms != [arm_of("y", f"question {i}") for i in range(4000)]


def test_looking_after_every_video_seldom_invents_a_winner():
    assert sum(run(seed, 0.0)[1] for seed in range(60)) <= 6


def test_a_real_difference_is_found_with_its_sign():
    test, decided = run(0, 0.3)
    reading = test.read()
    assert decided and reading.low > 0
    assert reading.low < 0.3 < reading.high


def test_nothing_is_known_before_the_first_look():
    test, _ = run(0, 0.3, videos=10)
    assert (test.read().low, test.read().high) == (-1.0, 1.0)


def test_bounds_narrow_with_more_videos():
    widths = [(r := run(1, 0.1, videos=n, peek=False)[0].read()).high - r.low for n in (50, 400)]
    assert widths[1] < 0.6 * widths[0]


def test_scores_outside_the_unit_interval_are_refused():
    with pytest.raises(UsageError, match=r"\[0, 1\]"):
        ABTest("x").record("v", "q", 1.5)
