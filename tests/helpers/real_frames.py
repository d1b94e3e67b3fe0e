"""Frames of real clips in their own shape, decoded by the package's own worker."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from svqa.media import Sampling, read_frames
from svqa.records import FrameBatch


@cache
def frames_at(path: Path, times_s: Sequence[float], long_side_px: int | None = 640) -> FrameBatch:
    """The frames shown at these seconds, the longer side at `long_side_px` (None: as it is)."""
    size = {"size_px": None} if long_side_px is None else {"size_px": long_side_px, "fit": "inside"}
    return read_frames(path, Sampling.at(times_s), **size)
