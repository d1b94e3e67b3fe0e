"""What the decoders share: 32 frames spread over a film, in its own size, as lmms-eval does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FRAMES = 32


def rows_of(count: int) -> list[int]:
    """-> which of `count` frames, evenly from the first to the last."""
    return np.linspace(0, count - 1, FRAMES, dtype=int).tolist()


def means(frames: np.ndarray) -> list[list[float]]:
    """(T, H, W, 3) -> the mean colour of each frame: enough to see that it is the same one."""
    return np.round(frames.mean((1, 2)), 1).tolist()


def ours(film: str) -> Callable[[], list[list[float]]]:
    """-> the frames by `svqa.media.read_frames`, in a worker process as always."""
    from svqa.media import Sampling, probe, read_frames

    def run() -> list[list[float]]:
        info = probe(film)
        assert info.frames is not None
        times_s = [(row + 0.5) / info.rate_hz for row in rows_of(info.frames)]
        size = (info.width_px, info.height_px)
        return means(read_frames(film, Sampling.at(times_s), size_px=size).pixels)

    return run
