"""Several rankings -> one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Hashable]], k: int = 60
) -> list[tuple[Hashable, float]]:
    """Items best first, each with the sum of 1 / (k + rank) over the rankings that hold it; ranks
    count from 1.

    Needs no common scale of scores: Cormack, Clarke and Büttcher, SIGIR 2009, with their k = 60.
    Equal sums keep the order of first appearance.

    >>> [item for item, _ in reciprocal_rank_fusion([["a", "b"], ["b", "c"]])]
    ['b', 'a', 'c']
    """
    if k <= 0:
        raise ValueError(f"k must be positive, got {k}")
    total: dict[Hashable, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            total[item] = total.get(item, 0.0) + 1.0 / (k + rank)
    return sorted(total.items(), key=lambda pair: -pair[1])
