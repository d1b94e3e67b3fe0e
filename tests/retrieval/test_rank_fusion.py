"""Reciprocal rank fusion, small enough to do by hand; fast ways against the slow obvious one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from svqa.retrieval import reciprocal_rank_fusion
from svqa.retrieval.rank_fusion import fuse_ranks, mean_ranks, ordinal_ranks


def slow_ordinal_ranks(scores, depth: int) -> list[float]:
    """Sort, number, forget those beyond the depth."""
    finite = [i for i, score in enumerate(scores) if math.isfinite(score)]
    order = sorted(finite, key=lambda i: (-scores[i], i))[:depth]
    return [order.index(i) + 1 if i in order else math.inf for i in range(len(scores))]


def slow_mean_ranks(scores) -> list[float]:
    """One more than those that are better, and half of the others that are as good."""
    finite = [score for score in scores if math.isfinite(score)]
    return [
        1 + sum(o > score for o in finite) + (sum(o == score for o in finite) - 1) / 2
        if math.isfinite(score)
        else math.inf
        for score in scores
    ]


@pytest.mark.parametrize("seed", range(20))
def test_ranks_are_those_of_the_slow_obvious_way(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 40))
    scores = rng.integers(0, 9, n) / 8  # many are equal
    scores[rng.random(n) < 0.3] = rng.choice([-np.inf, np.nan])
    depth = int(rng.integers(1, 30))
    assert ordinal_ranks(scores, depth=depth).tolist() == slow_ordinal_ranks(scores, depth)
    assert mean_ranks(scores).tolist() == slow_mean_ranks(scores)


@pytest.mark.parametrize("seed", range(5))
def test_names_and_scores_are_fused_alike(seed):
    rng = np.random.default_rng(seed)
    scores = {name: rng.permutation(12) / 12 for name in ("visual", "caption", "speech")}
    for of in scores.values():
        of[rng.random(12) < 0.25] = -np.inf
    rankings = [[i for i in np.argsort(-s) if np.isfinite(s[i])] for s in scores.values()]
    by_name = dict(reciprocal_rank_fusion(rankings))
    for ranks in (
        {name: ordinal_ranks(s, depth=12) for name, s in scores.items()},
        {name: mean_ranks(s) for name, s in scores.items()},
    ):
        total = sum(fuse_ranks(ranks).values())
        assert total.tolist() == [by_name.get(i, 0.0) for i in range(12)]


def test_a_weight_is_a_number_or_one_an_item():
    ranks = {"seen": np.array([1.0, 2.0]), "said": np.array([np.inf, 1.0])}
    parts = fuse_ranks(ranks, weights={"seen": np.array([2.0, 4.0])}, k=3)
    assert {name: of.tolist() for name, of in parts.items()} == {
        "seen": [2 / 4, 4 / 5],
        "said": [0.0, 1 / 4],
    }


def test_sums_of_reciprocal_ranks():
    fused = dict(reciprocal_rank_fusion([["a", "b", "c"], ["c", "a"]], k=60))
    assert fused == {"a": 1 / 61 + 1 / 62, "b": 1 / 62, "c": 1 / 63 + 1 / 61}
    assert list(fused) == ["a", "c", "b"]


def test_agreement_beats_one_first_place():
    rankings = [["x", "v", "y"], ["z", "w", "y"]]
    assert reciprocal_rank_fusion(rankings)[0][0] == "y"
    # with a small k the first place rules
    assert reciprocal_rank_fusion(rankings, k=0.01)[0][0] == "x"


def test_ties_keep_the_first_seen_and_repeats_count_once():
    assert [i for i, _ in reciprocal_rank_fusion([["b"], ["a"]])] == ["b", "a"]
    assert reciprocal_rank_fusion([["a", "a", "b"]]) == reciprocal_rank_fusion([["a", "b"]])


def test_empty_rankings():
    assert reciprocal_rank_fusion([]) == reciprocal_rank_fusion([[], []]) == []
    with pytest.raises(ValueError, match="positive"):
        reciprocal_rank_fusion([["a"]], k=0)


def test_the_constant_is_that_of_the_paper():
    """Cormack, Clarke and Buettcher 2009 take 60: one first place is worth 1 / 61."""
    assert reciprocal_rank_fusion([["a", "b"]]) == [("a", 1 / 61), ("b", 1 / 62)]
    assert fuse_ranks({"x": np.array([1.0])})["x"].tolist() == [1 / 61]
