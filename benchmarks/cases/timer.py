"""P22: what timing an operation costs, against five microseconds."""

from __future__ import annotations

import timeit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.harness import Benchmark, Measured
from svqa.profiling.performance import MetricsService

USES, ROUNDS = 20_000, 7
TIMER = Benchmark("P22", "microseconds a use of `track_processing_time`", "an absolute bound", 5.0)
BENCHMARKS = (TIMER,)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Measured]]:
    """Yields the one figure."""
    yield iter((_use(),))


def _use() -> Measured:
    """Microseconds of an empty block under `track_processing_time`, the median of the rounds."""
    service = MetricsService()

    def use() -> None:
        with service.track_processing_time("nothing"):
            pass

    rounds = sorted(timeit.repeat(use, number=USES, repeat=ROUNDS))
    return Measured(TIMER, 1e6 * rounds[ROUNDS // 2] / USES)
