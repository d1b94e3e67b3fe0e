"""P22: what timing an operation costs, against five microseconds."""

from __future__ import annotations

import timeit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.harness import Measured
from svqa.profiling.performance import MetricsService

AIM_US, USES, ROUNDS = 5.0, 20_000, 7


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Measured]]:
    """Yields the one figure."""
    yield iter((_use(),))


def _use() -> Measured:
    """Microseconds of an empty block under `track_processing_time`: the median of several
    rounds.
    """
    service = MetricsService()

    def use() -> None:
        with service.track_processing_time("nothing"):
            pass

    rounds = sorted(timeit.repeat(use, number=USES, repeat=ROUNDS))
    value = 1e6 * rounds[ROUNDS // 2] / USES
    what = "microseconds a use of `track_processing_time`"
    return Measured("P22", what, "an absolute bound", f"<= {AIM_US:g}", value, value <= AIM_US)
