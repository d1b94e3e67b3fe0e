"""Two ways to do one job -> the ratio of their times, measured in turn in one run, with its
interval.

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
class Case:
    """One ratio of performance. `ours` and `theirs` do the same job; `same` compares what they
    return.

    `faster_is_higher` False: the ratio is our time over theirs (aim `<=`); True: our speed over
    theirs (aim `>=`).
    """

    id: str
    what: str
    against: str
    aim: float
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    same: Callable[[Any, Any], bool]
    faster_is_higher: bool = False
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A figure that is not a pair of timings (memory, growth): its value, what it is held against
    and whether it held.
    """

    id: str
    what: str
    against: str
    aim: str
    value: float
    met: bool
    notes: dict[str, Any] = field(default_factory=dict)


Suite = Callable[[], AbstractContextManager[Iterator[Case | Measured]]]


def measure(case: Case, *, pairs: int) -> dict:
    """One warm-up of each side, then `pairs` runs in turn; -> a row with the ratio, its interval
    and both medians.
    """
    if pairs < 3:
        raise UsageError(f"A ratio needs at least 3 pairs, got {pairs}.")
    same = bool(case.same(case.ours(), case.theirs()))
    ours_s, theirs_s = [], []
    for i in range(pairs):
        order = ((case.ours, ours_s), (case.theirs, theirs_s))
        for run, times in order if i % 2 == 0 else order[::-1]:
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
    ratios = [
        b / a if case.faster_is_higher else a / b for a, b in zip(ours_s, theirs_s, strict=True)
    ]
    value, low, high = median_interval(ratios)
    met = value >= case.aim if case.faster_is_higher else value <= case.aim
    return {
        "id": case.id,
        "what": case.what,
        "against": case.against,
        "ratio": {"value": value, "low": low, "high": high, "n": pairs},
        "aim": f"{'>=' if case.faster_is_higher else '<='} {case.aim}",
        "met": same and met,
        "same_result": same,
        "ours_s": statistics.median(ours_s),
        "theirs_s": statistics.median(theirs_s),
        **case.notes,
    }


def row_of(m: Measured) -> dict:
    """-> the row of a figure that is not a pair of timings."""
    ratio = {"value": m.value, "low": m.value, "high": m.value, "n": 1}
    return {
        "id": m.id,
        "what": m.what,
        "against": m.against,
        "ratio": ratio,
        "aim": m.aim,
        "met": m.met,
        "same_result": True,
        **m.notes,
    }


def median_interval(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float, float]:
    """-> (median, low, high): the narrowest pair of order statistics that holds the median with at
    least `level`.

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
