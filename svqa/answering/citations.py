"""Support of lines -> the passages an answer cites, and their seconds as a clock shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from svqa.answering.sentence_scoring import Lines
from svqa.records import Evidence

MOST_EVIDENCE = 3


def cite(found: np.ndarray, lines: Lines, passages: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """-> the few passages an answer rests on, best first, scored by their support.

    Those within a fifth of the best.
    """
    kept: dict[int, float] = {}
    for i in np.argsort(-found, kind="stable"):
        owner = int(lines.owners[i])
        if found[i] < 0.8 * found.max() or len(kept) == MOST_EVIDENCE:
            break
        kept.setdefault(owner, float(np.clip(found[i], 0, 1)))
    return tuple(replace(passages[owner], score=score) for owner, score in kept.items())


def clock_span(evidence: Sequence[Evidence]) -> str:
    """-> the best passage's seconds, stretched over the other evidence that touches it."""
    best = evidence[0]
    start_s, end_s = best.start_s, best.end_s
    for other in sorted(evidence[1:], key=lambda e: abs(e.start_s - best.start_s)):
        touches = other.start_s <= end_s + 1e-6 and other.end_s >= start_s - 1e-6
        if other.video == best.video and touches:
            start_s, end_s = min(start_s, other.start_s), max(end_s, other.end_s)
    return clock(start_s, end_s)


def stretch(found: np.ndarray, lines: Lines) -> tuple[float, float]:
    """-> from when to when the best line, and those beside it that fit nearly as well, go on."""
    start_s, end_s = lines.spans[int(np.argmax(found))].tolist()
    fits = lines.spans[found >= 0.8 * found.max()]
    for first, last in sorted(fits.tolist(), key=lambda span: abs(span[0] - start_s)):
        if first <= end_s + 1e-6 and last >= start_s - 1e-6:
            start_s, end_s = min(start_s, first), max(end_s, last)
    return start_s, end_s


def clock(start_s: float, end_s: float) -> str:
    """-> `0:05-0:10`, to the nearest second; one time where both are the same."""
    first, last = math.floor(start_s), round(end_s)
    clock = [f"{t // 60}:{t % 60:02d}" for t in (first, last)]
    return clock[0] if last <= first else "-".join(clock)
