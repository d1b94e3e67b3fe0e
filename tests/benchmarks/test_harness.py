"""A ratio is of the medians' pairs, needs equal results, and keeps to its aim."""

from __future__ import annotations

import time

import pytest

from benchmarks.harness import Benchmark, Case, Measured, measure, median_interval, row_of
from svqa.errors import UsageError


def sleeper(seconds: float, gives: int = 1):
    def work() -> int:
        time.sleep(seconds)
        return gives

    return work


def test_the_ratio_is_ours_over_theirs_or_the_speed_of_ours():
    time_ = Benchmark("T", "sleep", "sleep longer", 0.5)
    row = measure(Case(time_, sleeper(0.002), sleeper(0.02), int.__eq__), pairs=3)
    assert row["ratio"]["value"] < 0.5 and row["met"] and row["same_result"]
    assert (row["id"], row["aim"], row["ratio"]["n"]) == ("T", "<= 0.5", 3)
    speed = Benchmark("S", "sleep", "sleep longer", 2.0, higher_is_better=True)
    row = measure(Case(speed, sleeper(0.002), sleeper(0.02), int.__eq__), pairs=3)
    assert row["ratio"]["value"] > 2 and row["met"] and row["aim"] == ">= 2"


def test_a_faster_wrong_result_does_not_meet_its_aim():
    case = Case(Benchmark("T", "a", "b", 9.0), sleeper(0.0), sleeper(0.002, 2), int.__eq__)
    row = measure(case, pairs=3)
    assert not row["same_result"] and not row["met"]
    with pytest.raises(UsageError, match="at least 3 pairs"):
        measure(case, pairs=2)


def test_a_measured_figure_is_a_row_of_one_value():
    row = row_of(Measured(Benchmark("P15.memory", "peak", "2 minutes", 1.05), 1.1, {"mib": 3}))
    assert row["ratio"] == {"value": 1.1, "low": 1.1, "high": 1.1, "n": 1}
    assert not row["met"] and row["mib"] == 3


def test_the_interval_of_a_median_by_hand():
    assert median_interval([3, 1, 2, 5, 4, 6, 7]) == (4, 1, 7)  # coverage 1 - 2 / 2**7
    assert median_interval(range(1, 13)) == (6.5, 3, 10)  # 1 - 2 * 79 / 2**12 = 0.961
