"""P10.hnsw: recall of an HNSW index in PostgreSQL, and its time beside the exact search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from benchmarks.harness import Benchmark, Case, Measured
from benchmarks.hnsw_recall import DIM, ROWS, SPACE, build, filled_library, moments, recalls
from svqa.database import Store
from svqa.database.hnsw import EF_CONSTRUCTION, EF_SEARCH, M

_WHAT = f"of {ROWS:,} x {DIM} in PostgreSQL through HNSW (m {M}, ef_construction {EF_CONSTRUCTION})"
# of recall at the store's own ef_search for each k
RECALLS = {
    k: Benchmark(
        f"P10.hnsw.recall{k}",
        f"nearest {k} {_WHAT}",
        "the exact answer, share found",
        aim,
        higher_is_better=True,
        group="P10.hnsw",
    )
    for k, aim in ((10, 0.95), (100, 0.9))
}
TIME = Benchmark(
    "P10.hnsw.time",
    f"nearest 10 {_WHAT}",
    "the exact answer in PostgreSQL",
    0.1,
    group="P10.hnsw",
)
BENCHMARKS = (*RECALLS.values(), TIME)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case | Measured]]:
    """Yields recall and time on a PostgreSQL of its own; ImportError where there is none."""
    with filled_library() as (store, queries, _):
        yield _cases(store, queries)


def _cases(store: Store, queries: np.ndarray) -> Iterator[Case | Measured]:
    built = build(store)
    measured = recalls(store, queries)
    for k, benchmark in RECALLS.items():
        rows = {row["ef_search"]: row for row in measured if row["k"] == k}
        notes = {"by_ef_search": {ef: row["recall"] for ef, row in rows.items()}, **built}
        yield Measured(benchmark, rows[EF_SEARCH]["recall"]["value"], notes)
    some = queries[:5]
    yield Case(
        TIME,
        lambda: _all_moments(store, some, approximate=True),
        lambda: _all_moments(store, some, approximate=False),
        lambda ours, theirs: len(ours & theirs) >= RECALLS[10].aim * len(theirs),
    )


def _all_moments(store: Store, queries: np.ndarray, *, approximate: bool) -> set:
    return {
        (i, moment)
        for i, q in enumerate(queries)
        for moment in moments(store.nearest(q, *SPACE, k=10, approximate=approximate))
    }
