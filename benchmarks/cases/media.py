"""P1 linear decode, P2 one frame a second, P3 keyframes: the worker against the fastest ways."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.harness import Benchmark, Case
from svqa.media import Sampling, stream_frames
from svqa.reporting.sample_clips import ffmpeg, loop, real_clip

SIDE_PX = 224
SECONDS = 30
GROUPS = (12, 250, 600)
LINEAR = Benchmark(
    "P1",
    f"decode every frame and scale it to {SIDE_PX} px",
    "ffmpeg -threads 2 to a rawvideo pipe",
    0.95,
    higher_is_better=True,
)
SPARSE = {
    group: Benchmark(
        f"P2.{group}",
        f"one frame a second, a keyframe every {group}",
        "the fastest of decord, PyAV and OpenCV here",
        1.05,
        group="P2",
    )
    for group in GROUPS
}
KEYFRAMES = Benchmark(
    "P3",
    "keyframes only, a keyframe every 250",
    "our own full decode",
    10.0,
    higher_is_better=True,
)
BENCHMARKS = (LINEAR, *SPARSE.values(), KEYFRAMES)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields the wanted cases on 30 s of 720p."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            g: loop(real_clip(), Path(folder) / f"g{g}.mp4", seconds=SECONDS, group=g)
            for g in GROUPS
        }
        yield _cases(files, wanted)


def _cases(files: dict[int, Path], wanted: Sequence[str]) -> Iterator[Case]:
    if "P1" in wanted:
        yield Case(
            LINEAR,
            lambda: _mean(files[250], Sampling.native()),
            lambda: _mean_ffmpeg(files[250]),
            _close,
        )
    if "P2" in wanted:
        for group, path in files.items():
            name, best = _best_of(path)
            yield Case(
                SPARSE[group],
                lambda path=path: _mean(path, Sampling.every(1.0)),
                best,
                _close,
                {"fastest": name},
            )
    if "P3" in wanted:
        yield Case(
            KEYFRAMES,
            lambda: _count(files[250], Sampling.keyframes()),
            lambda: _count(files[250], Sampling.native()),
            lambda few, all_: 0 < few < all_,
        )


def _mean(path: Path, sampling: Sampling) -> tuple[int, float]:
    """-> how many frames came, and their mean brightness, by which both sides are compared."""
    frames, total = 0, 0.0
    with stream_frames(path, sampling, size_px=SIDE_PX) as stream:
        for batch in stream:
            frames += len(batch)
            total += float(batch.pixels[:, ::16, ::16].mean()) * len(batch)
    return frames, total / max(1, frames)


def _count(path: Path, sampling: Sampling) -> int:
    return _mean(path, sampling)[0]


def _close(a: tuple[int, float], b: tuple[int, float]) -> bool:
    return abs(a[0] - b[0]) <= 1 and abs(a[1] - b[1]) < 2.0


def _mean_ffmpeg(path: Path) -> tuple[int, float]:
    scale = f"scale={SIDE_PX}:{SIDE_PX}:flags=bilinear"
    run = [
        ffmpeg(),
        *"-v error -threads 2 -i".split(),
        str(path),
        "-vf",
        scale,
        "-pix_fmt",
        "rgb24",
    ]
    size, frames, total = SIDE_PX * SIDE_PX * 3, 0, 0.0
    with subprocess.Popen(
        [*run, "-f", "rawvideo", "-"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        while len(block := process.stdout.read(size)) == size:
            pixels = np.frombuffer(block, np.uint8).reshape(SIDE_PX, SIDE_PX, 3)
            frames, total = frames + 1, total + float(pixels[::16, ::16].mean())
    return frames, total / max(1, frames)


_RIVALS = {
    "PyAV": """
import av, numpy as np
n = total = 0; want = 0.0
with av.open(path) as box:
    stream = box.streams.video[0]; stream.thread_type = "AUTO"
    for frame in box.decode(stream):
        if frame.time + 1e-6 >= want:
            want += 1.0
            small = frame.reformat(width=224, height=224, format="rgb24").to_ndarray()
            total += small[::16, ::16].mean(); n += 1
""",
    "decord": """
import decord
reader = decord.VideoReader(path, width=224, height=224, num_threads=2)
rate = reader.get_avg_fps(); n = total = 0
for i in range(0, len(reader), round(rate)):
    total += reader[i].asnumpy()[::16, ::16].mean(); n += 1
""",
    "OpenCV": """
import cv2
reader = cv2.VideoCapture(path); rate = round(reader.get(cv2.CAP_PROP_FPS)); i = n = total = 0
while reader.grab():
    if i % rate == 0:
        small = cv2.resize(reader.retrieve()[1], (224, 224), interpolation=cv2.INTER_AREA)
        total += small[::16, ::16].mean(); n += 1
    i += 1
""",
}


def _best_of(path: Path) -> tuple[str, Callable[[], tuple[int, float]]]:
    """The fastest of three libraries on this file, each in a fresh process, as ours is.

    decord and PyAV cannot share one.
    """
    import time

    times: dict[str, float] = {}
    for name, code in _RIVALS.items():
        begin = time.perf_counter()
        try:
            _run_rival(code, path)
        except subprocess.CalledProcessError:
            continue  # not installed here
        times[name] = time.perf_counter() - begin
    name = min(times, key=times.get)
    return name, lambda: _run_rival(_RIVALS[name], path)


def _run_rival(code: str, path: Path) -> tuple[int, float]:
    script = f"path = {str(path)!r}\n{code}\nprint(n, total / n)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    frames, mean = done.stdout.split()
    return int(frames), float(mean)
