"""What the decoders share: 32 frames spread over a film, in its own size, as lmms-eval does."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from benchmarks.peers.talk import serve

FRAMES = 32


def serve_frames(theirs: Callable[[str], np.ndarray]) -> None:
    """In a side's process: `theirs` gives the frames of a film; ours are `svqa.media`'s."""
    way, film = sys.argv[1:]
    decode = ours if way == "ours" else theirs
    serve(lambda: means(decode(film)))


def rows_of(count: int) -> list[int]:
    """-> which of `count` frames, evenly from the first to the last."""
    return np.linspace(0, count - 1, FRAMES, dtype=int).tolist()


def means(frames: np.ndarray) -> list[list[float]]:
    """(T, H, W, 3) -> the mean colour of each frame: enough to see that it is the same one."""
    return np.round(frames.mean((1, 2)), 1).tolist()


def ours(film: str) -> np.ndarray:
    """The frames by `svqa.media.read_frames`, in a worker process as always."""
    from svqa.media import Sampling, probe, read_frames

    info = probe(film)
    assert info.frames is not None
    times_s = [(row + 0.5) / info.rate_hz for row in rows_of(info.frames)]
    size = (info.width_px, info.height_px)
    return read_frames(film, Sampling.at(times_s), size_px=size).pixels
