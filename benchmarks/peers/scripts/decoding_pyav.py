"""Frames by PyAV: every frame is decoded, the chosen ones are turned into RGB."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.scripts.decoding import rows_of, serve_frames


def decode(film: str) -> np.ndarray:
    """-> (T, H, W, 3) uint8."""
    import av

    with av.open(film) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        chosen = set(rows_of(stream.frames))
        frames = enumerate(container.decode(stream))
        return np.stack([frame.to_ndarray(format="rgb24") for i, frame in frames if i in chosen])


if __name__ == "__main__":
    serve_frames(decode)
