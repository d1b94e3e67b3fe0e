"""Several rankings -> one, by reciprocal ranks: Cormack, Clarke and Büttcher, SIGIR 2009.

An item's worth is the sum of 1 / (60 + rank) over the rankings that name it, ranks counted from 1,
so that rankings need no common scale of scores. Scores become ranks in one of two ways, which
differ in what equal scores get; an item that a ranking does not name has the rank infinity: 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from svqa.retrieval.exact import best_k

RRF_K = 60


def ordinal_ranks(scores: np.ndarray, *, depth: int) -> np.ndarray:
    """`scores (N,)` -> ranks (N,) of the best `depth` finite ones; equal scores in their order.

    >>> ordinal_ranks(np.array([0.3, -np.inf, 0.9, 0.3]), depth=2)
    array([ 2., inf,  1., inf])
    """
    finite = np.flatnonzero(np.isfinite(scores))
    best = finite[best_k(scores[finite], depth)[0]]
    ranks = np.full(len(scores), np.inf)
    ranks[best] = 1 + np.arange(len(best))
    return ranks


def mean_ranks(scores: np.ndarray) -> np.ndarray:
    """`scores (N,)` -> ranks (N,) of the finite ones; equal scores share the mean of theirs.

    >>> mean_ranks(np.array([0.3, np.nan, 0.9, 0.3]))
    array([2.5, inf, 1. , 2.5])
    """
    finite = np.isfinite(scores)
    _, group, counts = np.unique(-scores[finite], return_inverse=True, return_counts=True)
    ranks = np.full(len(scores), np.inf)
    ranks[finite] = (np.cumsum(counts) - (counts - 1) / 2)[group]
    return ranks


def fuse_ranks(
    ranks: Mapping[str, np.ndarray],
    *,
    weights: Mapping[str, np.ndarray | float] | None = None,
    k: float = RRF_K,
) -> dict[str, np.ndarray]:
    """{ranking: ranks (N,)} -> {ranking: weight / (k + rank) (N,)}; the sum is an item's worth.

    A ranking without a weight counts once. Raises ValueError unless k > 0.

    >>> parts = fuse_ranks({"seen": np.array([1, 2]), "said": np.array([np.inf, 1])}, k=1)
    >>> sum(parts.values()).round(2)
    array([0.5 , 0.83])
    """
    if k <= 0:
        raise ValueError(f"k must be positive, got {k}")
    return {name: 1.0 / (k + of) * (weights or {}).get(name, 1.0) for name, of in ranks.items()}


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Hashable]], k: float = RRF_K
) -> list[tuple[Hashable, float]]:
    """Rankings of names, best first -> every name with its worth, best first.

    A name that a ranking repeats counts once; equal sums keep the order of first appearance.

    >>> [item for item, _ in reciprocal_rank_fusion([["a", "b"], ["b", "c"]])]
    ['b', 'a', 'c']
    """
    items = list(dict.fromkeys(item for ranking in rankings for item in ranking))
    at = {item: i for i, item in enumerate(items)}
    ranks = np.full((len(rankings), len(items)), np.inf)
    for row, ranking in zip(ranks, rankings, strict=True):
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            row[at[item]] = rank
    parts = fuse_ranks({str(i): row for i, row in enumerate(ranks)}, k=k)
    worth = np.sum(list(parts.values()), axis=0)
    found = [(item, float(worth[i])) for item, i in at.items()]
    return sorted(found, key=lambda pair: -pair[1])
