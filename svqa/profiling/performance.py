"""Work and its rows -> how long, how much memory, how good.

What one process did, and what one video cost.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from svqa.profiling.machine import Gpu, Memory, MemoryMeter, MemoryUse, gpus
from svqa.profiling.timing import Timer, Timing, Timings
from svqa.profiling.video_statistics import VideoStatistics, percentile, video_statistics

if TYPE_CHECKING:
    import pandas
    from sqlalchemy.orm import Session

    from svqa.database.store import Store
    from svqa.metrics.answers import AnswerQuality, Sentences

    Database: TypeAlias = Store | str | Session


@dataclass(frozen=True)
class Benchmark:
    """One model on the test data.

    Seconds a call over the calls that worked, memory, and what went wrong.
    """

    model: str
    n: int
    errors: Mapping[str, int]
    mean_s: float | None
    p50_s: float | None
    p90_s: float | None
    calls_per_s: float | None
    peak_grown_bytes: int
    gpu_bytes: int | None


class MetricsService:
    """Times, memory and figures of this process.

    Safe between threads; a forked child starts with empty books.

    >>> service = MetricsService()
    >>> with service.track_processing_time("ingest"):
    ...     with service.track_processing_time("decode") as timer:
    ...         timer.items = 30
    >>> sorted(service.timings())
    ['ingest', 'ingest/decode']
    """

    def __init__(self) -> None:
        self._memory = MemoryMeter()
        self._timings = Timings()

    def track_processing_time(self, operation: str) -> Timer:
        """A context manager, and a decorator, that books its wall seconds.

        Nested ones under `outer/inner`.
        """
        return self._timings.track(operation)

    def timings(self) -> dict[str, Timing]:
        """Everything booked so far, by operation, over all threads."""
        return self._timings.read()

    def merge(self, timings: Mapping[str, Timing]) -> None:
        """Adds what another process booked: `pool.map(work)` may return its `timings()`."""
        self._timings.merge(timings)

    def reset(self) -> None:
        """Forgets every time that was booked."""
        self._timings.reset()

    def memory(self) -> Memory:
        """Memory of this process now and at its peak."""
        return self._memory.now()

    def track_memory(self) -> AbstractContextManager[MemoryUse]:
        """A context manager that gives a `MemoryUse`: before, after, peak of the block."""
        return self._memory.track()

    def gpus(self) -> list[Gpu]:
        """Utilization and memory of the GPUs; empty where there is none."""
        return gpus()

    def get_video_statistics(self, db: Database, video_id: str) -> VideoStatistics:
        """What one video cost and gave.

        Takes as long in a library of a million rows as in one of a thousand.

        `db`: a `Store`, a database URL or a SQLAlchemy session. `video_id`: an id or its beginning,
        a path, a SHA-256. Raises `NotIngested`.
        """
        with _store(db) as store:
            return video_statistics(store, store.find_video(video_id))

    def benchmark_models(
        self, models: Mapping[str, Callable], test_data: Iterable, *, warmup: int = 1
    ) -> list[Benchmark]:
        """Each model on the same inputs, one call an input, after `warmup` calls that do not count.

        An input on which a model raises is counted by the error's name and stops nothing. Fastest
        mean first.
        """
        inputs = list(test_data)
        if not inputs:
            raise ValueError("models are compared on inputs; test_data is empty")
        rows = [self._benchmark(name, model, inputs, warmup) for name, model in models.items()]
        return sorted(rows, key=lambda row: float("inf") if row.mean_s is None else row.mean_s)

    def evaluate_answer_quality(
        self, answer: str, ground_truth: str | Sequence[str], *, sentences: Sentences | None = None
    ) -> AnswerQuality:
        """See `svqa.metrics.answers.evaluate_answer_quality`."""
        from svqa.metrics.answers import evaluate_answer_quality

        return evaluate_answer_quality(answer, ground_truth, sentences=sentences)

    def timings_frame(self) -> pandas.DataFrame:
        """`timings()` as a pandas DataFrame, one row an operation, longest first."""
        import pandas

        rows = [
            {**vars(t), "mean_s": t.mean_s, "items_per_s": t.items_per_s}
            for t in self.timings().values()
        ]
        columns = [
            "operation",
            "calls",
            "total_s",
            "min_s",
            "max_s",
            "items",
            "mean_s",
            "items_per_s",
        ]
        return pandas.DataFrame(rows, columns=columns).sort_values(
            "total_s", ascending=False, ignore_index=True
        )

    def videos_frame(self, db: Database) -> pandas.DataFrame:
        """`get_video_statistics` of every searchable video as a pandas DataFrame.

        Nested names are joined by dots.
        """
        import pandas

        with _store(db) as store:
            found = [self.get_video_statistics(store, video.id) for video in store.videos()]
        return pandas.json_normalize([vars(s) for s in found])

    def queries_frame(self, db: Database, limit: int = 1000) -> pandas.DataFrame:
        """The audit trail as a pandas DataFrame, newest first, one row a question or search."""
        import pandas

        with _store(db) as store:
            rows = [{**vars(q), "evidence": len(q.evidence)} for q in store.queries(limit)]
        return pandas.DataFrame(rows)

    def _benchmark(self, name: str, model: Callable, inputs: list, warmup: int) -> Benchmark:
        seconds: list[float] = []
        errors: Counter[str] = Counter()
        before = sum(gpu.used_bytes for gpu in gpus())
        gc.collect()  # what others left would be given back while this one grows
        with self.track_memory() as memory:
            for i in range(-warmup, len(inputs)):
                begin = time.perf_counter()
                try:
                    model(inputs[max(i, 0)])
                except Exception as error:  # one model's failure must not hide the others' figures
                    if i >= 0:
                        errors[type(error).__name__] += 1
                else:
                    if i >= 0:
                        seconds.append(time.perf_counter() - begin)
            present = gpus()
        mean_s = statistics.fmean(seconds) if seconds else None
        p50, p90 = (percentile(seconds, p) for p in (50, 90))
        used = sum(gpu.used_bytes for gpu in present) - before if present else None
        rate = None if not mean_s else 1 / mean_s
        return Benchmark(
            name, len(inputs), dict(errors), mean_s, p50, p90, rate, memory.peak_grown_bytes, used
        )


@contextmanager
def _store(db: Database) -> Iterator[Store]:
    from svqa.database.store import Store, open_store

    if isinstance(db, Store):
        yield db
        return
    url = (
        db
        if isinstance(db, str)
        else db.get_bind().engine.url.render_as_string(hide_password=False)
    )
    with open_store(url) as store:
        yield store


metrics_service = MetricsService()
