"""Two ways to do one job -> the ratio of their times, measured in turn, with its interval.

A case gives `ours` and `theirs`; they run A B A B ..., and what they return is compared first,
because a faster wrong answer scores nothing. The figure is the median of the pairwise ratios; its
interval is the exact order-statistic interval of a median.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from scipy import stats

from svqa.errors import UsageError


@dataclass(frozen=True)
class Benchmark:
    """What is measured under one id, against what, and what it aims at.

    `aim` bounds our time over theirs from above, or with `higher_is_better` our speed over theirs
    from below. Ids of one `group` share their files and are asked for together (`--only P2`).
    """

    id: str
    what: str
    against: str
    aim: float
    higher_is_better: bool = False
    group: str = ""

    @property
    def asked_for(self) -> str:
        """What `--only` calls it."""
        return self.group or self.id

    @property
    def aim_text(self) -> str:
        """`<= 1.05` or `>= 0.95`."""
        return f"{'>=' if self.higher_is_better else '<='} {self.aim:g}"

    def is_met(self, value: float) -> bool:
        """Whether a value is at least as good as the aim."""
        return value >= self.aim if self.higher_is_better else value <= self.aim


@dataclass(frozen=True)
class Case:
    """A ratio of times: `ours` and `theirs` do the same job, `same` compares what they return."""

    benchmark: Benchmark
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    same: Callable[[Any, Any], bool]
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A figure that is not a pair of timings, such as memory or growth."""

    benchmark: Benchmark
    value: float
    notes: dict[str, Any] = field(default_factory=dict)


Suite = Callable[[], AbstractContextManager[Iterator[Case | Measured]]]


def measure(case: Case, *, pairs: int) -> dict[str, Any]:
    """One warm-up a side, then `pairs` runs in turn -> a row with the ratio and its interval."""
    if pairs < 3:
        raise UsageError(f"A ratio needs at least 3 pairs, got {pairs}.")
    benchmark, same = case.benchmark, bool(case.same(case.ours(), case.theirs()))
    ours_s: list[float] = []
    theirs_s: list[float] = []
    for i in range(pairs):
        order = ((case.ours, ours_s), (case.theirs, theirs_s))
        for run, times in order if i % 2 == 0 else order[::-1]:
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
    ratios = [
        b / a if benchmark.higher_is_better else a / b
        for a, b in zip(ours_s, theirs_s, strict=True)
    ]
    value, low, high = median_interval(ratios)
    return {
        **_head(benchmark),
        "ratio": {"value": value, "low": low, "high": high, "n": pairs},
        "aim": benchmark.aim_text,
        "met": same and benchmark.is_met(value),
        "same_result": same,
        "ours_s": statistics.median(ours_s),
        "theirs_s": statistics.median(theirs_s),
        **case.notes,
    }


def row_of(m: Measured) -> dict[str, Any]:
    """-> the row of a figure that is not a pair of timings."""
    return {
        **_head(m.benchmark),
        "ratio": {"value": m.value, "low": m.value, "high": m.value, "n": 1},
        "aim": m.benchmark.aim_text,
        "met": m.benchmark.is_met(m.value),
        "same_result": True,
        **m.notes,
    }


def _head(benchmark: Benchmark) -> dict[str, str]:
    return {"id": benchmark.id, "what": benchmark.what, "against": benchmark.against}


def median_interval(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float, float]:
    """-> (median, low, high): the narrowest order statistics that hold the median with `level`.

    With fewer than six values no pair does, and the extremes are given (David and Nagaraja 2003,
    section 7.1).

    >>> median_interval([3, 1, 2, 5, 4, 6, 7])
    (4, 1, 7)
    """
    ordered = sorted(values)
    n = len(ordered)
    low = 0
    while low + 1 < n / 2 and 1 - 2 * stats.binom.cdf(low, n, 0.5) >= level:
        low += 1
    low = max(0, low - 1)
    return statistics.median(ordered), ordered[low], ordered[n - 1 - low]
