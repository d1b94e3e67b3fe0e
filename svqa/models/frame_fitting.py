"""A frame in its own shape -> the square that a model was trained on, nothing cut off."""

from __future__ import annotations

import cv2
import numpy as np


def fit_frame(frame: np.ndarray, side_px: int) -> np.ndarray:
    """(H, W, 3) uint8 -> (side_px, side_px, 3) uint8: every part of the frame, not its
    proportions.
    """
    height, width, _ = frame.shape
    if height == width == side_px:
        return frame
    shrinks = min(height, width) > side_px
    return cv2.resize(
        frame, (side_px, side_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
