"""P10.hnsw: what an HNSW index in PostgreSQL finds of the exact answer, and in what share of its
time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from benchmarks.harness import Case, Measured
from benchmarks.hnsw_recall import DIM, ROWS, SPACE, build, filled_library, moments, recalls
from svqa.database import Store
from svqa.database.hnsw import EF_CONSTRUCTION, EF_SEARCH, M

AIMS = {10: 0.95, 100: 0.9}  # of recall at the store's own ef_search for each k
FASTER = 0.1


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case | Measured]]:
    """Yields recall and time on a PostgreSQL of its own; ImportError where `pgserver` is not
    installed.
    """
    with filled_library() as (store, queries, _):
        yield _cases(store, queries)


def _cases(store: Store, queries: np.ndarray) -> Iterator[Case | Measured]:
    what = (
        f"of {ROWS:,} x {DIM} in PostgreSQL through HNSW (m {M}, ef_construction {EF_CONSTRUCTION})"
    )
    built = build(store)
    measured = recalls(store, queries)
    for k, aim in AIMS.items():
        rows = {row["ef_search"]: row for row in measured if row["k"] == k}
        usual = rows[EF_SEARCH]["recall"]["value"]
        notes = {"by_ef_search": {ef: row["recall"] for ef, row in rows.items()}, **built}
        yield Measured(
            f"P10.hnsw.recall{k}",
            f"nearest {k} {what}",
            "the exact answer, share found",
            f">= {aim}",
            usual,
            usual >= aim,
            notes,
        )
    some = queries[:5]
    yield Case(
        "P10.hnsw.time",
        f"nearest 10 {what}",
        "the exact answer in PostgreSQL",
        FASTER,
        lambda: _all_moments(store, some, approximate=True),
        lambda: _all_moments(store, some, approximate=False),
        lambda ours, theirs: len(ours & theirs) >= AIMS[10] * len(theirs),
    )


def _all_moments(store: Store, queries: np.ndarray, *, approximate: bool) -> set:
    return {
        (i, moment)
        for i, q in enumerate(queries)
        for moment in moments(store.nearest(q, *SPACE, k=10, approximate=approximate))
    }
