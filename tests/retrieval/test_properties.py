"""What must hold of rankings whatever is ranked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from svqa.retrieval import reciprocal_rank_fusion, top_k

RANKINGS = st.lists(
    st.permutations("abcdef").flatmap(
        lambda items: st.integers(0, 6).map(lambda n: list(items[:n]))
    ),
    min_size=1,
    max_size=5,
)


@given(RANKINGS, st.randoms(use_true_random=False))
def test_fusion_does_not_see_the_order_of_the_rankings(rankings, random):
    shuffled = random.sample(rankings, len(rankings))
    one, other = dict(reciprocal_rank_fusion(rankings)), dict(reciprocal_rank_fusion(shuffled))
    assert one == pytest.approx(other)


@given(RANKINGS)
def test_fusion_names_everything_once_and_what_all_put_first_first(rankings):
    found = reciprocal_rank_fusion(rankings)
    assert sorted(item for item, _ in found) == sorted({i for r in rankings for i in r})
    assert [worth for _, worth in found] == sorted((worth for _, worth in found), reverse=True)
    firsts = {ranking[0] if ranking else None for ranking in rankings}
    if len(firsts) == 1 and None not in firsts:
        assert found[0][0] in firsts


@given(arrays(np.float32, (9, 4), elements=st.floats(-1, 1, width=32)), st.integers(1, 12))
def test_the_best_k_are_those_of_a_full_sort(values, k):
    query = np.array([0.5, -0.25, 1.0, 0.125], np.float32)
    rows, scores = top_k(values, query, k)
    slow = values @ query
    np.testing.assert_allclose(scores, np.sort(slow)[::-1][:k], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slow[rows], scores, rtol=1e-5, atol=1e-6)
    assert len(set(rows.tolist())) == min(k, len(values))
