"""What a library keeps between searches: made once, let go when there is more than it may keep."""

from __future__ import annotations

import numpy as np

from svqa.database import VectorTable
from svqa.pipeline.search_cache import KEPT, KEPT_BYTES, SearchCache


def table(values: np.ndarray) -> VectorTable:
    return VectorTable(np.full(len(values), "a"), np.zeros((len(values), 2)), values)


def test_a_table_is_widened_once_and_the_least_recently_used_go_first():
    cache = SearchCache()
    tables = [table(np.full((2, 4), i, np.float16)) for i in range(KEPT + 1)]
    made = [cache.floats(of) for of in tables[:KEPT]]
    assert made[0].dtype == np.float32 and np.array_equal(made[3], tables[3].values)
    assert cache.floats(tables[0]) is made[0], "now the most recently used"
    cache.floats(tables[KEPT])
    assert cache.floats(tables[0]) is made[0] and cache.floats(tables[2]) is made[2]
    assert cache.floats(tables[1]) is not made[1]


def test_a_table_that_would_fill_half_of_the_room_is_left_as_it_is(monkeypatch):
    values = np.zeros((2, 4), np.float16)
    assert 4 * values.size < KEPT_BYTES
    monkeypatch.setattr("svqa.pipeline.search_cache.KEPT_BYTES", 4 * values.size)
    assert SearchCache().floats(table(values)) is values
