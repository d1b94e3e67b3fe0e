"""Exact search: the same answer as sorting everything, in less memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from svqa.errors import BadVector
from svqa.retrieval import exact, top_k, widen


def unit_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("n", [1, 5, 255, 256, 257, 1000])
@pytest.mark.parametrize("k", [1, 3, 100, 5000])
def test_same_as_sorting_everything(dtype, n, k):
    values, query = unit_rows(n, 48).astype(dtype), unit_rows(1, 48, seed=1)[0]
    scores = values.astype(np.float64) @ query
    indices, found = top_k(values, query, k)
    assert len(indices) == len(found) == min(k, n) and found.dtype == np.float32
    assert np.allclose(found, np.sort(scores)[::-1][:k], atol=1e-6)
    assert np.allclose(scores[indices], found, atol=1e-6) and len(set(indices.tolist())) == len(
        indices
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_equal_scores_keep_their_order(dtype):
    values = np.repeat(np.eye(4, dtype=dtype), 300, axis=0)
    indices, scores = top_k(values, np.array([0.5, 1.0, 0.5, 0.0]), 700)
    assert indices.tolist() == [*range(300, 600), *range(300), *range(600, 700)]
    assert scores[0] == 1.0 and scores[-1] == 0.5


def test_widening_is_exact_for_every_finite_float16():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    # zeros of both signs and subnormals are among them
    finite = every[np.isfinite(every)].reshape(-1, 2)
    wide = widen(finite)
    assert wide.dtype == np.float32 and np.array_equal(
        wide.view(np.int32), finite.astype(np.float32).view(np.int32)
    )
    assert widen(wide) is wide


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_f30_nan_is_refused_and_never_returned(dtype, bad):
    values, query = unit_rows(600, 8).astype(dtype), unit_rows(1, 8)[0]
    with pytest.raises(BadVector, match="query"):
        top_k(values, query * bad, 3)
    values[400, 3] = bad
    with pytest.raises(BadVector, match="searched|stored"):
        top_k(values, query, 3)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"\(3, 4\) and \(5,\)"):
        top_k(np.ones((3, 4), np.float32), np.ones(5), 1)
    with pytest.raises(ValueError, match="at least 1"):
        top_k(np.ones((3, 4), np.float32), np.ones(4), 0)
    indices, scores = top_k(np.empty((0, 4), np.float16), np.ones(4), 3)
    assert indices.shape == scores.shape == (0,)


def test_memory_is_bounded_by_a_block():
    values, query = unit_rows(20_000, 128).astype(np.float16), unit_rows(1, 128)[0]
    tracemalloc.start()
    top_k(values, query, 100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # a few arrays of N, and blocks; never N x D
    assert peak < 20_000 * 4 * 8 + 4 * exact.BLOCK_ROWS * 128 * 4
