"""Frames by decord's `get_batch`, which is how lmms-eval's models read most films."""

from __future__ import annotations

import sys

from benchmarks.peers.scripts.decoding import means, ours, rows_of
from benchmarks.peers.talk import serve

if __name__ == "__main__":
    way, film = sys.argv[1:]
    if way == "ours":
        serve(ours(film))
    else:
        import decord

        def run() -> list[list[float]]:
            reader = decord.VideoReader(film, ctx=decord.cpu(0), num_threads=1)
            return means(reader.get_batch(rows_of(len(reader))).asnumpy())

        serve(run)
