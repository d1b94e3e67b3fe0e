"""Frames by decord's `get_batch`, which is how lmms-eval's models read most films."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.scripts.decoding import rows_of, serve_frames


def decode(film: str) -> np.ndarray:
    """-> (T, H, W, 3) uint8."""
    import decord

    reader = decord.VideoReader(film, ctx=decord.cpu(0), num_threads=1)
    return reader.get_batch(rows_of(len(reader))).asnumpy()


if __name__ == "__main__":
    serve_frames(decode)
