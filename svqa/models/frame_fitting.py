"""A frame in its own shape -> the square that a model was trained on, nothing cut off."""

from __future__ import annotations

import cv2
import numpy as np


def fit_frame(frame: np.ndarray, side_px: int) -> np.ndarray:
    """(H, W, 3) uint8 -> (side_px, side_px, 3) uint8.

    Every part of the frame, not its proportions.
    """
    height, width, _ = frame.shape
    if height == width == side_px:
        return frame
    size = min(width, side_px), min(height, side_px)
    if size != (width, height):  # each side by itself: area means shrink well, and enlarge badly
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    if size != (side_px, side_px):
        frame = cv2.resize(frame, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return frame
