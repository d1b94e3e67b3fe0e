"""Ranked windows and scores of clips -> R@1, average precision, hit@1, as QVHighlights has them.

Lei et al. 2021, arXiv:2107.09609; the values are those of the authors' `standalone_eval`, question
by question, so that their mean is the published figure and intervals can be made. A query may have
several marked windows, and three people rated each of its clips from 0 (very bad) to 4 (very good).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from svqa.metrics.grounding import Span, temporal_iou

IOUS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))  # 0.5, 0.55, ... 0.95
RATINGS: Mapping[str, int] = {"fair": 2, "good": 3, "very_good": 4}  # the least that is a highlight


def windows_average_precision(
    ranked: Sequence[Span], marked: Sequence[Span], at_iou: float
) -> float:
    """Ranked windows, best first, against the marked ones -> interpolated average precision.

    A window is right where the marked window it overlaps most, among those not yet found, reaches
    `at_iou`; each is found once (as in the detection tasks of PASCAL VOC and ActivityNet).

    >>> windows_average_precision([(50, 60), (0, 10)], [(0, 9), (20, 30)], 0.5)
    0.25
    """
    return _windows_precision(_overlaps(ranked, marked), at_iou)


def scores_average_precision(right: np.ndarray, scores: np.ndarray) -> float:
    """(C,) whether a clip is a highlight, (C,) its score -> interpolated average precision.

    The mean over levels of recall, clips of one score taken together; 0 where no clip is right and
    1 where every clip is.

    >>> scores_average_precision(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.1]))
    0.8333333333333333
    """
    right = np.asarray(right, dtype=bool)
    if right.all() or not right.any():
        return float(right.all())
    order = np.argsort(-np.asarray(scores), kind="stable")
    last = np.append(np.diff(np.asarray(scores)[order]) != 0, True)  # of the clips of one score
    found = np.cumsum(right[order])[last]
    precision = _never_rising(found / (np.flatnonzero(last) + 1))
    # where more was found than before: the first score that reaches a level of recall
    return float(precision[np.diff(found, prepend=0) > 0].mean())


def moment_values(
    windows: Sequence[tuple[float, float, float]], marked: Sequence[Span]
) -> dict[str, float]:
    """One query's windows (start, end, score) as they were handed in -> R@1 and AP.

    `r1_at_05`, `r1_at_07`: does the *first* of them reach this IoU with a marked window. `map`: the
    average precision of the ten first, ordered by score, over IoU 0.5 to 0.95; `map_at_05`,
    `map_at_075` at one IoU. Their means over queries are the published figures.
    """
    first = temporal_iou(windows[0][:2], marked) if windows else 0.0
    ranked = [w[:2] for w in sorted(windows[:10], key=lambda w: -w[2])]
    overlaps = _overlaps(ranked, marked)
    precision = {iou: _windows_precision(overlaps, iou) for iou in IOUS}
    return {
        "map": float(np.mean(list(precision.values()))),
        "map_at_05": precision[0.5],
        "map_at_075": precision[0.75],
        "r1_at_05": float(first >= 0.5),
        "r1_at_07": float(first >= 0.7),
    }


def highlight_values(scores: Sequence[float], ratings: np.ndarray) -> dict[str, float]:
    """One query's scores, a clip each, and (C, 3) the ratings of three people -> mAP and hit@1.

    `hl_map_fair`, `hl_hit1_fair`, ..., `hl_map_very_good`, `hl_hit1_very_good`: a clip is right for
    a person who rated it at least so. mAP is the mean over the three; the best clip is a hit if it
    is right for one of them. Scores beyond the last clip are left out, missing ones are 0.
    """
    clips = np.zeros(len(ratings))
    clips[: len(scores)] = np.asarray(scores, np.float64)[: len(ratings)]
    best = int(np.argmax(scores))
    values = {}
    for name, least in RATINGS.items():
        right = ratings >= least
        each = [scores_average_precision(right[:, k], clips) for k in range(ratings.shape[1])]
        values[f"hl_map_{name}"] = float(np.mean(each))
        values[f"hl_hit1_{name}"] = float(best < len(right) and right[best].any())
    return values


def _overlaps(ranked: Sequence[Span], marked: Sequence[Span]) -> list[list[float]]:
    return [[temporal_iou(window, [span]) for span in marked] for window in ranked]


def _windows_precision(overlaps: Sequence[Sequence[float]], at_iou: float) -> float:
    """IoU of each ranked window (a row) with each marked one -> interpolated average precision."""
    if not overlaps:
        return 0.0
    free, right = set(range(len(overlaps[0]))), []
    for row in overlaps:
        best = max(free, key=row.__getitem__, default=None)
        right.append(best is not None and row[best] >= at_iou)
        if best is not None and right[-1]:
            free.remove(best)
    precision = _never_rising(np.cumsum(right) / np.arange(1, len(right) + 1))
    return float(precision[np.flatnonzero(right)].sum() / len(overlaps[0]))


def _never_rising(precision: np.ndarray) -> np.ndarray:
    """Each precision -> the best of it and all that follow (interpolation)."""
    return np.maximum.accumulate(precision[::-1])[::-1]
