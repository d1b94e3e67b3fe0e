"""Formulas and constants by hand: each of these was once changed without any test that failed."""

from __future__ import annotations

import inspect
from itertools import pairwise

import numpy as np
import pytest

from svqa.records import Detection, VectorSet
from svqa.temporal import Prior, load_prior, tracks_of
from svqa.temporal.hierarchy import Pooled
from svqa.temporal.moments import rising_moments
from svqa.temporal.prior import LENGTH_EDGES_S, POSITION_EDGES, fit_prior
from svqa.temporal.windows import order_moments


def boxes(n: int, score: float = 0.9) -> list[Detection]:
    return [Detection("cat", score, (10, 50, 30, 70), i / 10, "test") for i in range(n)]


def test_a_track_has_four_boxes_one_of_which_is_sure():
    assert [len(tracks_of(boxes(n))) for n in (3, 4)] == [0, 1]
    assert [len(tracks_of(boxes(6, score))) for score in (0.24, 0.25)] == [0, 1]


def test_each_edge_of_the_table_parts_its_two_sides():
    """Two spans on either side of an edge fall into two cells, two on one side into one."""
    for edge in POSITION_EDGES:
        assert cells(*((p * 25, p * 25 + 5) for p in (edge - 0.01, edge + 0.01))) == 2, edge
    for low, high in pairwise(POSITION_EDGES):
        near = ((p * 25, p * 25 + 5) for p in (low + 0.01, high - 0.01))
        assert cells(*near) == 1, (low, high)
    for edge in LENGTH_EDGES_S:
        assert cells((0.0, edge - 0.1), (0.0, edge + 0.1)) == 2, edge
    for low, high in pairwise(LENGTH_EDGES_S):
        assert cells((0.0, low + 0.1), (0.0, high - 0.1)) == 1, (low, high)


def cells(*spans: tuple[float, float]) -> int:
    """How many cells these spans of films of 30 s fall into."""
    return len(fit_prior(["what"] * len(spans), [30.0] * len(spans), [[s] for s in spans]).cells)


def test_the_shipped_table_lies_in_the_cells_of_these_edges():
    """One cell each, and the edges are those that it was counted with: it cannot say so itself."""
    assert LENGTH_EDGES_S == (2.5, 4.0, 6.0, 9.0, 16.0)
    shipped = load_prior()
    position = np.searchsorted(POSITION_EDGES, shipped.cells[:, 0])
    length = np.searchsorted(LENGTH_EDGES_S, shipped.cells[:, 1])
    assert len(set(zip(position.tolist(), length.tolist(), strict=True))) == len(shipped.cells)
    assert len(shipped.cells) >= 50


def test_a_fitted_table_weighs_as_the_shipped_one_does():
    fresh, shipped = fit_prior(["what"], [30.0], [[(0.0, 6.0)]]), load_prior()
    for name in ("stretch", "other_position", "other_relation", "content_weight", "frame_weight"):
        assert getattr(fresh, name) == getattr(shipped, name), name


def test_a_bucket_borrows_from_its_neighbours_at_a_discount():
    """Another position counts a fiftieth, another relation a tenth, both their product."""
    cells_ = np.array([[0.1, 5.0], [0.3, 5.0], [0.5, 5.0], [0.7, 5.0]])
    one = np.eye(4)
    counts = {("end", "after"): one[0], ("end", "-"): one[1], ("-", "after"): one[2]}
    weights = Prior(cells_, {**counts, ("-", "-"): one[3]}).weights(("end", "after"))
    assert weights == pytest.approx(np.array([1, 0.1, 0.02, 0.002]) / 1.122)


def test_pooled_means_say_of_how_many_frames_each_is():
    vectors = VectorSet(
        "segment", "visual", "m", np.array([[0, 1], [1, 2]]), np.eye(2, 4, dtype=np.float32)
    )
    assert len(Pooled(vectors, np.array([1, 2]))) == 2
    for counts in ([0, 1], [1], [1, 2, 3], [[1, 2]]):
        with pytest.raises(ValueError, match="counts must be"):
            Pooled(vectors, np.array(counts))


def test_order_is_the_first_and_third_legendre_polynomial_of_time():
    """Of five seconds P3 = (5 x^3 - 3 x) / 2 is -1, 7/16, 0, -7/16, 1."""
    for place, p1, p3 in ((4, 1, 1), (3, 0.5, -7 / 16), (2, 0, 0), (1, -0.5, 7 / 16)):
        seen = np.zeros((5, 1))
        seen[place] = 1
        drift = [[3**0.5 * p1 / 5], [7**0.5 * p3 / 5]]
        assert order_moments(seen) == pytest.approx(np.array(drift), abs=1e-6), place


def test_three_moments_are_found_unless_told():
    scores = np.tile([0.0, 0.0, 1.0, 0.0, 0.0], 6)
    found = rising_moments(scores, np.arange(30.0), end_s=30.0)
    assert len(found) == 3 and inspect.signature(rising_moments).parameters["k"].default == 3
