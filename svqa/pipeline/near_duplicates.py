"""Frames -> which of them show again what an earlier one showed: held slides, still pictures.

Two frames are the same where neither the picture as a whole nor any small block of it changed. On
seventeen real clips no two frames half a second apart that show anything move came nearer than 57
of 255 in the block that changed most; held pictures stayed under 10, which is what coding does.
"""

from __future__ import annotations

import cv2
import numpy as np

from svqa.records import FrameBatch

SIDE_PX = 160  # long side of what is compared: a block is 4 x 4 pixels of a frame of 640
MEAN_CHANGE = 1.5  # of 255, over the whole picture
BLOCK_CHANGE = 12  # of 255, in the block and colour that changed most


def thumbnails(pixels: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) uint8 -> (T, h, w, 3) uint8: each block the mean of its pixels."""
    height, width = pixels.shape[1:3]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in pixels])


def is_same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two thumbnails (h, w, 3) are of one picture."""
    change = cv2.absdiff(a, b)
    return int(change.max()) < BLOCK_CHANGE and float(change.mean()) < MEAN_CHANGE


def repeated_frames(small: np.ndarray) -> np.ndarray:
    """(T, h, w, 3) thumbnails -> (T,) which frame each one shows again; its own where it is new.

    Each is compared with the last new one, not with its neighbour, so that slow change adds up.
    """
    shows = np.arange(len(small))
    for i in range(1, len(small)):
        if is_same(small[i], small[shows[i - 1]]):
            shows[i] = shows[i - 1]
    return shows


def with_repeats(frames: FrameBatch, shows: np.ndarray) -> FrameBatch:
    """The frames with what they repeat in their place, to the pixel.

    So models that remember pictures know them again.
    """
    for row in np.flatnonzero(shows != np.arange(len(shows))):
        frames.pixels[row] = frames.pixels[shows[row]]
    return frames
