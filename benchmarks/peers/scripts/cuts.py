"""The cuts of a film: `svqa.media.shots`, or PySceneDetect as its manual shows it."""

from __future__ import annotations

import sys

from benchmarks.peers.talk import serve

SIZE_PX = (256, 144)  # what PySceneDetect makes of 720p by itself


def ours(film: str) -> list[float]:
    """-> the seconds at which a shot begins."""
    from svqa.media import Sampling, shots, stream_frames

    with stream_frames(film, Sampling.native(), size_px=SIZE_PX) as frames:
        return [round(shot.start_s, 3) for shot in shots(frames, "content")]


def theirs(film: str) -> list[float]:
    """-> the seconds at which a scene begins."""
    from scenedetect import ContentDetector, detect

    scenes = detect(film, ContentDetector(), start_in_scene=True)
    return [round(start.get_seconds(), 3) for start, _ in scenes]


if __name__ == "__main__":
    way, film = sys.argv[1:]
    serve(lambda: ours(film) if way == "ours" else theirs(film))
