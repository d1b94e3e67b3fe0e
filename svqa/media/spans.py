"""Spans of seconds -> the same in order, those that overlap or lie near each other joined."""

from __future__ import annotations

from collections.abc import Iterable

NEAR_S = 1.0  # spans nearer than this are told as one


def join_spans(
    spans_s: Iterable[tuple[float, float]], *, near_s: float = NEAR_S
) -> list[tuple[float, float]]:
    """What was joined before may be joined with more: the order does not matter.

    >>> join_spans([(7.0, 8.0), (2.0, 3.0), (2.5, 5.0), (5.5, 6.0)])
    [(2.0, 8.0)]
    """
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans_s):
        if joined and start_s <= joined[-1][1] + near_s:
            joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
        else:
            joined.append((start_s, end_s))
    return joined
