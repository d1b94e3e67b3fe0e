"""What a file holds: its facts, its frames with their times, its sound; checked once, at birth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VideoInfo:
    """What a file holds, as it will be displayed.

    `duration_s`: presented, counted from packets where the header lies. `width_px`, `height_px`: as
    displayed (rotation, pixel aspect). `rate_hz`: the average. `sha256`: the identity.
    """

    path: str
    sha256: str
    size_bytes: int
    duration_s: float
    width_px: int
    height_px: int
    rate_hz: float
    rotation_deg: int = 0
    codec: str = ""
    container: str = ""
    has_audio: bool = False
    frames: int | None = None
    variable_rate: bool = False

    def __post_init__(self) -> None:
        if len(self.sha256) != 64:
            raise ValueError(f"sha256 must be 64 hexadecimal digits, got {self.sha256!r}")
        if not math.isfinite(self.duration_s) or self.duration_s < 0:
            raise ValueError(f"duration_s must be finite and >= 0, got {self.duration_s}")
        width, height = self.width_px, self.height_px
        if min(width, height) < 1:
            raise ValueError(f"displayed size must be at least 1 x 1, got {width} x {height}")
        if self.rotation_deg not in (0, 90, 180, 270):
            raise ValueError(f"rotation_deg must be 0, 90, 180 or 270, got {self.rotation_deg}")


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """Frames with their times: `pixels (T, H, W, 3) uint8 RGB`, `t_s (T,) float64`, increasing.

    >>> FrameBatch(np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, 0.5]))
    FrameBatch(2 frames of 6 x 4, 0.00 s .. 0.50 s)
    """

    pixels: np.ndarray
    t_s: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "t_s", np.asarray(self.t_s, dtype=np.float64))
        p, t = self.pixels, self.t_s
        if p.ndim != 4 or p.shape[-1] != 3 or p.dtype != np.uint8:
            raise ValueError(f"pixels must be (T, H, W, 3) uint8, got {p.shape} {p.dtype}")
        if t.shape != (len(p),):
            raise ValueError(f"t_s must be ({len(p)},), one time a frame, got {t.shape}")
        if not np.all(np.isfinite(t)) or np.any(t < 0) or np.any(np.diff(t) <= 0):
            raise ValueError(f"t_s must be finite, >= 0 and strictly increasing, got {t}")

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, key: slice | np.ndarray | Sequence[int]) -> FrameBatch:
        """A batch of the chosen frames: a slice, a boolean mask or a list of indices."""
        return FrameBatch(self.pixels[key], self.t_s[key])

    def __repr__(self) -> str:
        if not len(self):
            return "FrameBatch(no frames)"
        t, height, width, _ = self.pixels.shape
        span = f"{self.t_s[0]:.2f} s .. {self.t_s[-1]:.2f} s"
        return f"FrameBatch({t} frames of {width} x {height}, {span})"


@dataclass(frozen=True, eq=False)
class Waveform:
    """Mono sound: `samples (N,) float32` in [-1, 1] at `rate_hz`, from the video's `start_s` on."""

    samples: np.ndarray
    rate_hz: int = 16000
    start_s: float = 0.0

    def __post_init__(self) -> None:
        x = self.samples
        if x.ndim != 1 or x.dtype != np.float32:
            raise ValueError(f"samples must be (N,) float32, got {x.shape} {x.dtype}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz

    def __repr__(self) -> str:
        return f"Waveform({self.duration_s:.2f} s at {self.rate_hz} Hz, from {self.start_s:.2f} s)"
