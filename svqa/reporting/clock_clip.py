"""Clips that show their own time: the second a decoder gives can be read off its picture."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from svqa.reporting.sample_clips import ffmpeg

RATE_HZ = 25
SECONDS = 8.0
_DARK, _PER_S = 16, 27  # luma of second 0, luma a second
SIDE_PX = 64


def make_clock(out: Path) -> Path:
    """Write an 8 s clip whose brightness is its time, at 25, then 5 frames a second -> its path."""
    source = f"nullsrc=s={SIDE_PX}x{SIDE_PX}:r={RATE_HZ}:d={SECONDS}"
    drawn = f"{source},geq=lum={_DARK}+T*{_PER_S}:cb=128:cr=128"
    thinned = f"select='lt(t,{SECONDS / 2})+not(mod(n,5))'"
    coding = "-fps_mode vfr -c:v libx264 -qp 4 -pix_fmt yuv420p".split()
    run = [ffmpeg(), *"-v error -y -f lavfi -i".split(), f"{drawn},{thinned}", *coding, str(out)]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return out


def read_clock(pixels: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T,) the second each frame was drawn for, to about 0.02 s."""
    full = pixels.reshape(len(pixels), -1).mean(axis=1)
    luma = 16 + full * 219 / 255  # RGB is full range, the film's luma is 16 to 235
    return (luma - _DARK) / _PER_S


def make_flashes(
    out: Path, lengths_s: Sequence[float], *, each: int, seed: int
) -> tuple[Path, list[tuple[float, float]]]:
    """Write a grey clip with `each` white flashes of every length -> its path, the flashes' spans.

    One flash every 3 s, lengths in random order, each at a random time of its 3 s.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.permutation(np.repeat(lengths_s, each))
    starts = 3.0 * np.arange(len(lengths)) + rng.uniform(0, 3.0 - lengths)
    first = np.round(starts * RATE_HZ).astype(int)
    last = first + np.maximum(1, np.round(lengths * RATE_HZ).astype(int))
    luma = np.full(3 * RATE_HZ * len(lengths), 90, np.uint8)
    for a, b in zip(first, last, strict=True):
        luma[a:b] = 230
    raw = np.repeat(luma, 16 * 16).tobytes()
    source = f"-v error -y -f rawvideo -pix_fmt gray -s 16x16 -r {RATE_HZ} -i pipe:".split()
    coding = "-c:v libx264 -qp 10 -pix_fmt yuv420p".split()
    subprocess.run([ffmpeg(), *source, *coding, str(out)], input=raw, check=True)
    return out, [
        (a / RATE_HZ, b / RATE_HZ) for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]
