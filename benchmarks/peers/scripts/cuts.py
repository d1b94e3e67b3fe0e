"""The cuts of a film: `svqa.media.shots`, or PySceneDetect as its manual shows it."""

from __future__ import annotations

import sys

from benchmarks.peers.talk import serve

SIZE_PX = (256, 144)  # what PySceneDetect makes of 720p by itself

if __name__ == "__main__":
    way, film = sys.argv[1:]
    if way == "ours":
        from svqa.media import Sampling, shots, stream_frames

        def run() -> list[float]:
            with stream_frames(film, Sampling.native(), size_px=SIZE_PX) as frames:
                return [round(shot.start_s, 3) for shot in shots(frames, "content")]

        serve(run)
    else:
        from scenedetect import ContentDetector, detect

        serve(
            lambda: [
                round(start.get_seconds(), 3)
                for start, _ in detect(film, ContentDetector(), start_in_scene=True)
            ]
        )
