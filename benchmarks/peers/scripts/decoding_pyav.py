"""Frames by PyAV: every frame is decoded, the chosen ones are turned into RGB."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.peers.scripts.decoding import means, ours, rows_of
from benchmarks.peers.talk import serve

if __name__ == "__main__":
    way, film = sys.argv[1:]
    if way == "ours":
        serve(ours(film))
    else:
        import av

        def run() -> list[list[float]]:
            with av.open(film) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                chosen = set(rows_of(stream.frames))
                frames = enumerate(container.decode(stream))
                kept = [frame.to_ndarray(format="rgb24") for i, frame in frames if i in chosen]
            return means(np.stack(kept))

        serve(run)
