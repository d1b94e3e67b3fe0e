"""Reciprocal rank fusion, small enough to do by hand."""

from __future__ import annotations

import pytest

from svqa.retrieval import reciprocal_rank_fusion


def test_sums_of_reciprocal_ranks():
    fused = dict(reciprocal_rank_fusion([["a", "b", "c"], ["c", "a"]], k=60))
    assert fused == {"a": 1 / 61 + 1 / 62, "b": 1 / 62, "c": 1 / 63 + 1 / 61}
    assert list(fused) == ["a", "c", "b"]


def test_agreement_beats_one_first_place():
    rankings = [["x", "v", "y"], ["z", "w", "y"]]
    assert reciprocal_rank_fusion(rankings)[0][0] == "y"
    assert (
        reciprocal_rank_fusion(rankings, k=0.01)[0][0] == "x"
    )  # with a small k the first place rules


def test_ties_keep_the_first_seen_and_repeats_count_once():
    assert [i for i, _ in reciprocal_rank_fusion([["b"], ["a"]])] == ["b", "a"]
    assert reciprocal_rank_fusion([["a", "a", "b"]]) == reciprocal_rank_fusion([["a", "b"]])


def test_empty_rankings():
    assert reciprocal_rank_fusion([]) == reciprocal_rank_fusion([[], []]) == []
    with pytest.raises(ValueError, match="positive"):
        reciprocal_rank_fusion([["a"]], k=0)
