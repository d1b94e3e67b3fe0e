"""Coded size, pixel aspect, rotation, wanted size -> what to scale, turn, crop and pad.

Scaling comes first and in the coded orientation, so that turning touches only the small picture.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from svqa.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import numpy as np

FITS = ("stretch", "crop", "pad", "inside", "shrink")
Size: TypeAlias = int | tuple[int, int] | None  # pixels: a square, (width, height), as displayed


@dataclass(frozen=True)
class Geometry:
    """How a coded picture becomes an upright one of the model's size.

    Scale to `scale_wh` (coded orientation), swap left and right where `mirrored`, turn
    `quarter_turns` counterclockwise, cut or border to `out_wh`.

    `offset_xy` is where the turned picture's left top corner lies in the output: negative where it
    is cropped, positive where a black border is added.
    """

    scale_wh: tuple[int, int]
    quarter_turns: int
    offset_xy: tuple[int, int]
    out_wh: tuple[int, int]
    mirrored: bool = False

    @property
    def is_scale_only(self) -> bool:
        """Whether the scaled picture is already the output."""
        whole = self.offset_xy == (0, 0) and self.scale_wh == self.out_wh
        return whole and self.quarter_turns == 0 and not self.mirrored


def orientation(matrix: bytes | None) -> tuple[int, bool]:
    """A display matrix (nine 32-bit numbers, ISO 14496-12) -> how a coded picture becomes upright.

    First left and right are swapped, where the second is True, then it is turned clockwise by the
    first, in degrees: the nearest of 0, 90, 180 and 270.

    >>> orientation(struct.pack("=9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30))
    (90, False)
    """
    if matrix is None or len(matrix) < 36:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    mirrored = a * d - b * c < 0
    right = (-a, -b) if mirrored else (a, b)  # where the picture's right-hand side goes
    return round(math.degrees(math.atan2(right[1], right[0])) / 90) * 90 % 360, mirrored


def displayed_size(
    coded_wh: tuple[int, int], pixel_aspect: float, rotation_deg: int
) -> tuple[int, int]:
    """-> (width, height) as shown.

    Non-square pixels widen or narrow the picture, then a quarter turn swaps the sides.
    """
    width, height = max(1, round(coded_wh[0] * (pixel_aspect or 1))), coded_wh[1]
    return (height, width) if rotation_deg % 180 else (width, height)


def output_size(shown_wh: tuple[int, int], size_px: Size, fit: str) -> tuple[int, int]:
    """-> (width, height) of every frame of a stream.

    The displayed size for `None`, else by `fit`.
    """
    if fit not in FITS:
        raise UsageError(unknown_name("fit", fit, FITS))
    if size_px is None:
        return shown_wh
    box = (size_px, size_px) if isinstance(size_px, int) else size_px
    if len(box) != 2 or min(box) < 1:
        raise UsageError(
            f"size_px must be pixels above 0, one number or (width, height), got {size_px!r}."
        )
    if fit not in ("inside", "shrink"):
        return box[0], box[1]
    scale = min(box[0] / shown_wh[0], box[1] / shown_wh[1])
    scale = min(1.0, scale) if fit == "shrink" else scale
    return max(1, round(shown_wh[0] * scale)), max(1, round(shown_wh[1] * scale))


def plan_geometry(
    coded_wh: tuple[int, int],
    pixel_aspect: float,
    rotation_deg: int,
    out_wh: tuple[int, int],
    fit: str,
    *,
    mirrored: bool = False,
) -> Geometry:
    """`rotation_deg`: clockwise turn that brings the coded picture upright.

    `mirrored`: its left and right are swapped before that. `fit` as in `stream_frames`.
    """
    shown = displayed_size(coded_wh, pixel_aspect, rotation_deg)
    if fit in ("stretch", "inside", "shrink"):
        turned = out_wh
    else:
        pick = max if fit == "crop" else min
        scale = pick(out_wh[0] / shown[0], out_wh[1] / shown[1])
        width, height = (
            max(1, pick(out, round(side * scale))) for side, out in zip(shown, out_wh, strict=True)
        )
        turned = width, height
    offset = (out_wh[0] - turned[0]) // 2, (out_wh[1] - turned[1]) // 2
    scaled = (turned[1], turned[0]) if rotation_deg % 180 else turned
    return Geometry(scaled, (-rotation_deg // 90) % 4, offset, out_wh, mirrored)


def arrange(picture: np.ndarray, geometry: Geometry) -> np.ndarray:
    """(h, w, 3) scaled picture -> (H, W, 3) uint8: turned upright, cropped or bordered."""
    import numpy as np

    picture = picture[:, ::-1] if geometry.mirrored else picture
    picture = np.rot90(picture, geometry.quarter_turns)
    width, height = geometry.out_wh
    x, y = geometry.offset_xy
    picture = picture[max(0, -y) :, max(0, -x) :][:height, :width]
    if picture.shape[:2] == (height, width):
        return np.ascontiguousarray(picture)
    out = np.zeros((height, width, 3), np.uint8)
    out[max(0, y) : max(0, y) + picture.shape[0], max(0, x) : max(0, x) + picture.shape[1]] = (
        picture
    )
    return out


def fit_frame(frame: np.ndarray, side_px: int) -> np.ndarray:
    """(H, W, 3) uint8 -> (side_px, side_px, 3) uint8, as models were trained on.

    Every part of the frame is kept, not its proportions.
    """
    import cv2

    height, width, _ = frame.shape
    if height == width == side_px:
        return frame
    size = min(width, side_px), min(height, side_px)
    if size != (width, height):  # each side by itself: area means shrink well, and enlarge badly
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    if size != (side_px, side_px):
        frame = cv2.resize(frame, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return frame
