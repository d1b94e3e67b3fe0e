"""What the searches of vectors share: 100,000 rows of 512 numbers, 20 queries, the nearest 100."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ROWS, DIM, QUERIES, NEAREST = 100_000, 512, 20, 100


def rows_and_queries() -> tuple[np.ndarray, np.ndarray]:
    """-> rows of length 1, and queries, both float32; the same in every process."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((ROWS, DIM), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows, rows[:QUERIES] + 0.05 * rng.standard_normal((QUERIES, DIM), dtype=np.float32)


def ours() -> Callable[[], list[int]]:
    """-> a function that searches with `svqa.retrieval.top_k`."""
    from svqa.retrieval import top_k

    rows, queries = rows_and_queries()

    def run() -> list[int]:
        found = [top_k(rows, query, NEAREST)[0] for query in queries]
        return [int(i) + n * ROWS for n, best in enumerate(found) for i in best]

    return run
