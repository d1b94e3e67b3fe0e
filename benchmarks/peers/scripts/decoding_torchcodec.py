"""Frames by torchcodec's `get_frames_at`, with its approximate seeking, which reads no index."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.scripts.decoding import rows_of, serve_frames


def decode(film: str) -> np.ndarray:
    """-> (T, H, W, 3) uint8."""
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(film, dimension_order="NHWC", seek_mode="approximate")
    return decoder.get_frames_at(rows_of(decoder.metadata.num_frames)).data.numpy()


if __name__ == "__main__":
    serve_frames(decode)
