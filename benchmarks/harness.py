"""Two ways to do one job -> the ratio of their times, measured in turn, with its interval.

A case gives `ours` and `theirs`; they run A B A B ..., and what they return is compared first,
because a faster wrong answer scores nothing. The figure is the median of the pairwise ratios; its
interval is the exact order-statistic interval of a median.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import psutil
from scipy import stats

from svqa.errors import UsageError
from svqa.media.worker_start import template_pids


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
    spent: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    for i in range(pairs):
        order = (("ours", case.ours), ("theirs", case.theirs))
        for name, run in order if i % 2 == 0 else order[::-1]:
            begin, worked_s = time.perf_counter(), work_s()
            run()
            spent[name].append((time.perf_counter() - begin, work_s() - worked_s))
    (ours_s, our_work_s), (theirs_s, their_work_s) = (
        zip(*spent[name], strict=True) for name in ("ours", "theirs")
    )
    value, low, high = median_interval(_ratios(benchmark, ours_s, theirs_s))
    work = median_interval(_ratios(benchmark, our_work_s, their_work_s))
    return {
        **_head(benchmark),
        "ratio": {"value": value, "low": low, "high": high, "n": pairs},
        "aim": benchmark.aim_text,
        "met": same and benchmark.is_met(value),
        "same_result": same,
        "ours_s": statistics.median(ours_s),
        "theirs_s": statistics.median(theirs_s),
        "work_ratio": dict(zip(("value", "low", "high"), work, strict=True)),
        **case.notes,
    }


def _ratios(benchmark: Benchmark, ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    pairs = [(max(a, 1e-9), max(b, 1e-9)) for a, b in zip(ours, theirs, strict=True)]
    return [b / a if benchmark.higher_is_better else a / b for a, b in pairs]


def work_s() -> float:
    """Seconds of cores that this process and those it has waited for have taken so far.

    Beside a ratio of times that of the work tells what a busy machine hides: how much of it was
    waiting. The decoding workers are waited for by their template.
    """
    own, ended = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for pid in template_pids():
        times = psutil.Process(pid).cpu_times()
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


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
