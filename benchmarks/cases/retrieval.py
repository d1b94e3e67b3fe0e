"""P10 exact search, P11 temporal re-rank, P16 one video in a million rows: cost and growth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.harness import Benchmark, Case
from svqa.database import Store, open_store
from svqa.profiling.performance import metrics_service
from svqa.records import Chunk, VectorSet, VideoInfo
from svqa.retrieval import top_k
from svqa.temporal.rerank import rerank_with_temporal_coherence

ROWS, DIM, K = 100_000, 512, 100
MANY, FEW = 1_000_000, 10_000
FILLED_BY, ONE_VIDEO = 5_000, 60  # rows of a video
NARROW = 16  # features where only the number of rows counts
_EXACT, _AT_FEW = f"exact top-{K} of {ROWS:,} x {DIM}", f"at {FEW:,} rows"
MEMORY = Benchmark(
    "P10.memory", _EXACT, "reading the same bytes once (their maximum)", 1.2, group="P10"
)
PLAIN = Benchmark("P10.plain", _EXACT, "numpy's product and a partial sort", 1.1, group="P10")
RERANK = Benchmark(
    "P11", f"temporal re-rank of {K} moments", f"the search of {ROWS:,} x {DIM} it follows", 0.1
)
GROWTH = Benchmark(
    "P11.growth",
    f"temporal re-rank, {K} moments of {MANY:,}",
    f"{K} moments of {FEW:,}",
    1.05,
    group="P11",
)
ADD, QUERY, STATISTICS = (
    Benchmark(f"P16.{name}", f"{what} at {MANY:,} rows", _AT_FEW, 1.1, group="P16")
    for name, what in (
        ("add", f"add a video of {ONE_VIDEO} rows"),
        ("query", "search one video"),
        ("statistics", "statistics of one video"),
    )
)
BENCHMARKS = (MEMORY, PLAIN, RERANK, GROWTH, ADD, QUERY, STATISTICS)
RERANKS = 100  # in one timing: a single one is too short to be timed


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields the wanted cases; P16 fills a database with a million rows first."""
    with tempfile.TemporaryDirectory() as folder:
        yield _cases(Path(folder), wanted)


def _cases(folder: Path, wanted: Sequence[str]) -> Iterator[Case]:
    if "P10" in wanted:
        yield from _search()
    if "P11" in wanted:
        yield from _rerank()
    if "P16" in wanted:
        yield from _one_video(folder)


def _search() -> Iterator[Case]:
    rows, query = _unit_rows(ROWS, DIM), _unit_rows(1, DIM, seed=1)[0]
    values = np.asfortranarray(rows)  # as a library keeps what it has widened
    best = _plain(rows, query)
    yield Case(
        MEMORY,
        lambda: top_k(values, query, K),
        lambda: values.max(),
        lambda ours, _: np.array_equal(ours[0], best),
    )
    yield Case(
        PLAIN,
        lambda: top_k(values, query, K)[0],
        lambda: _plain(rows, query),
        np.array_equal,
    )


def _plain(values: np.ndarray, query: np.ndarray) -> np.ndarray:
    scores = values @ query
    found = np.argpartition(scores, -K)[-K:]
    return found[np.argsort(-scores[found], kind="stable")]


def _rerank() -> Iterator[Case]:
    values, query = _unit_rows(ROWS, DIM), _unit_rows(1, DIM, seed=1)[0]
    found = _found(values, query)
    times_s = np.array([item * 0.5 for item, _ in found])

    def again() -> list:
        return rerank_with_temporal_coherence(found, times_s)

    yield Case(
        RERANK,
        again,
        lambda: _found(values, query),
        lambda ours, theirs: {i for i, _ in ours} == {i for i, _ in theirs},
    )
    few, many = (
        _found(_unit_rows(n, NARROW), _unit_rows(1, NARROW, seed=1)[0]) for n in (FEW, MANY)
    )
    yield Case(GROWTH, lambda: _reranks(many), lambda: _reranks(few), int.__eq__)


def _found(values: np.ndarray, query: np.ndarray) -> list[tuple[int, float]]:
    best, scores = top_k(values, query, K)
    return list(zip(best.tolist(), scores.tolist(), strict=True))


def _reranks(found: list[tuple[int, float]]) -> int:
    times_s = np.array([item * 0.5 for item, _ in found])
    return sum(len(rerank_with_temporal_coherence(found, times_s)) for _ in range(RERANKS))


def _one_video(folder: Path) -> Iterator[Case]:
    with (
        open_store(f"sqlite:///{folder}/many.db") as many,
        open_store(f"sqlite:///{folder}/few.db") as few,
    ):
        numbers = count(1)
        for store, rows in ((many, MANY), (few, FEW)):
            for _ in range(rows // FILLED_BY):
                _add(store, next(numbers), FILLED_BY)
        yield Case(ADD, lambda: _adds(many, numbers), lambda: _adds(few, numbers), int.__eq__)
        fresh = {
            store: iter([_add(store, next(numbers), ONE_VIDEO) for _ in range(400)])
            for store in (many, few)
        }
        yield Case(
            QUERY,
            lambda: _searches(many, fresh[many]),
            lambda: _searches(few, fresh[few]),
            int.__eq__,
        )
        one = {store: _add(store, next(numbers), ONE_VIDEO) for store in (many, few)}
        yield Case(
            STATISTICS,
            lambda: _statistics(many, one[many]),
            lambda: _statistics(few, one[few]),
            int.__eq__,
        )


def _adds(store: Store, numbers: Iterator[int], times: int = 4) -> int:
    return sum(len(_add(store, next(numbers), ONE_VIDEO)) for _ in range(times))


def _add(store: Store, number: int, rows: int) -> str:
    """-> the id of a new video with so many vectors."""
    spans = np.stack([np.arange(rows), np.arange(rows) + 1.0], axis=1)
    vectors = VectorSet("segment", "visual", "bench", spans, _unit_rows(rows, NARROW, seed=number))
    info = VideoInfo(f"{number}.mp4", f"{number:064x}", 1, float(rows), 64, 64, 25.0)
    claim = store.claim_video(info, {})
    store.commit_chunk(claim.video_id, Chunk(0.0, float(rows), vectors=(vectors,)))
    store.finish_video(claim.video_id)
    return claim.video_id


def _searches(store: Store, videos: Iterator[str], times: int = 10) -> int:
    """Searches videos that were never searched, so that nothing comes from the store's cache."""
    query = _unit_rows(1, NARROW, seed=1)[0]
    tables = (
        store.vectors("segment", "visual", "bench", videos=[next(videos)]) for _ in range(times)
    )
    return sum(len(top_k(table.values, query, K)[0]) for table in tables)


def _statistics(store: Store, video: str, times: int = 20) -> int:
    return sum(
        metrics_service.get_video_statistics(store, video).processing["frames"]
        for _ in range(times)
    )


def _unit_rows(rows: int, dim: int, *, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)
