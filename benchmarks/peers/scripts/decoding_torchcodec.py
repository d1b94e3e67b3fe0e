"""Frames by torchcodec's `get_frames_at`, with its approximate seeking, which reads no index."""

from __future__ import annotations

import sys

from benchmarks.peers.scripts.decoding import means, ours, rows_of
from benchmarks.peers.talk import serve

if __name__ == "__main__":
    way, film = sys.argv[1:]
    if way == "ours":
        serve(ours(film))
    else:
        from torchcodec.decoders import VideoDecoder

        def run() -> list[list[float]]:
            decoder = VideoDecoder(film, dimension_order="NHWC", seek_mode="approximate")
            count = decoder.metadata.num_frames
            return means(decoder.get_frames_at(rows_of(count)).data.numpy())

        serve(run)
