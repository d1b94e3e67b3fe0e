"""Boxes of a detector -> those of distinct things."""

from __future__ import annotations

import cv2
import numpy as np


def distinct_boxes(
    corners: np.ndarray,
    scores: np.ndarray,
    categories: np.ndarray,
    *,
    min_score: float,
    same_name: float,
    one_thing: float,
) -> list[int]:
    """(P, 4) corners, (P,) scores and categories -> the rows to keep, best first.

    Of boxes with one name that overlap by more than `same_name` (intersection over union) the best
    is kept, and then of all that overlap by more than `one_thing`: a thing has one name.

    >>> boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 8], [5, 5, 20, 20]], np.float32)
    >>> bounds = {"min_score": 0.4, "same_name": 0.6, "one_thing": 0.55}
    >>> distinct_boxes(boxes, np.array([0.8, 0.9, 0.5]), np.array([1, 2, 2]), **bounds)
    [1, 2]
    """
    sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    named = cv2.dnn.NMSBoxesBatched(
        sides.tolist(), scores.tolist(), categories.tolist(), min_score, same_name
    )
    once = np.asarray(named, int).ravel()
    kept = cv2.dnn.NMSBoxes(sides[once].tolist(), scores[once].tolist(), min_score, one_thing)
    return once[np.asarray(kept, int).ravel()].tolist()
