"""Routing is stable, the estimate is right, and looking often does not invent winners."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.metrics import ABTest, arm_of


def run(
    seed: int,
    gap: float,
    *,
    videos: int = 150,
    peek: bool = True,
    mean: float = 0.5,
    share_b: float = 0.5,
) -> tuple[ABTest, bool]:
    """Feed questions one by one to an experiment whose B is better by `gap`.

    -> it, and whether it was ever decided.
    """
    test, decided = ABTest(f"experiment {seed}", share_b=share_b), False
    rng, spread = np.random.default_rng(seed), 0.3 * min(mean, 1 - mean)
    for video in range(videos):
        level = np.clip(mean + spread * rng.standard_normal(), 0.05, 1)
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
    assert sum(run(seed, 0.0, videos=60)[1] for seed in range(40)) <= 4


def test_a_rare_arm_and_rare_faults_invent_no_winner():
    found = [
        run(seed, 0.0, peek=False, mean=0.97, share_b=0.1)[0].read().decided for seed in range(100)
    ]
    assert sum(found) <= 5


def test_what_was_decided_stays_so():
    early, _ = run(0, 0.5, videos=100, peek=False)
    assert early.read().decided
    for video in range(100, 160):  # from now on the arms are equal
        early.record(str(video), "q", 0.5)
    assert early.read().low >= 0.0


def test_a_real_difference_is_found_with_its_sign():
    test, decided = run(0, 0.3)
    reading = test.read()
    assert decided and reading.low > 0
    assert reading.low < 0.3 < reading.high


def test_little_is_known_of_few_videos():
    assert (ABTest("x").read().low, ABTest("x").read().high) == (-1.0, 1.0)
    reading = run(0, 0.3, videos=10)[0].read()
    assert reading.high - reading.low > 1.0 and not reading.decided


def test_bounds_narrow_with_more_videos():
    widths = [(r := run(1, 0.1, videos=n, peek=False)[0].read()).high - r.low for n in (50, 400)]
    assert widths[1] < 0.6 * widths[0]


def test_scores_outside_the_unit_interval_are_refused():
    with pytest.raises(UsageError, match=r"\[0, 1\]"):
        ABTest("x").record("v", "q", 1.5)
