"""Pictures that are mirrored, turned, or both come out as ffmpeg shows them."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest

from svqa.media import Sampling, probe, read_frames
from svqa.media.geometry import arrange, orientation, plan_geometry
from tests.helpers.clips import ffmpeg, folder, numbered

TURNS = (0, 90, 180, 270)
FLIPS = {"": (), "h": ("-display_hflip",), "v": ("-display_vflip",)}
FLIPS["hv"] = FLIPS["h"] + FLIPS["v"]
CASES = list(itertools.product(TURNS, FLIPS))


def as_ffmpeg_shows_it(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    raw = ffmpeg("-i", path, "-frames:v", 1, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:")
    return np.frombuffer(raw, np.uint8).reshape(shape)


def check(path: Path) -> None:
    picture = read_frames(path, Sampling.at([0.0]), size_px=None).pixels[0]
    info = probe(path)
    assert picture.shape == (info.height_px, info.width_px, 3)
    expected = as_ffmpeg_shows_it(path, picture.shape).astype(int)
    assert np.abs(picture - expected).mean() < 3
    for fit, size in (("crop", 64), ("pad", (90, 40))):
        small = read_frames(path, Sampling.at([0.0]), size_px=size, fit=fit).pixels[0]
        assert small.std() > 40


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("turn, flip", CASES)
@pytest.mark.fault("F3")
def test_a_display_matrix_is_followed(turn, flip, suffix):
    upright, path = numbered(frames=11), folder() / f"matrix-{turn}{flip}{suffix}"
    ffmpeg("-display_rotation", turn, *FLIPS[flip], "-i", upright, "-c", "copy", path)
    check(path)


@pytest.mark.parametrize("turn, flip", CASES)
def test_a_message_of_the_stream_is_followed(turn, flip):
    path = folder() / f"sei-{turn}{flip}.mp4"
    names = {"h": "horizontal", "v": "vertical"}
    flips = f":flip={'+'.join(names[f] for f in flip)}" if flip else ""
    message = f"h264_metadata=display_orientation=insert:rotate={turn}{flips}"
    ffmpeg("-i", numbered(frames=11), "-c", "copy", "-bsf:v", message, path)
    check(path)


def test_every_way_a_picture_can_lie_is_told_from_its_matrix():
    one = 1 << 16
    rows = {
        (one, 0, 0, one): (0, False),
        (0, one, -one, 0): (90, False),
        (-one, 0, 0, -one): (180, False),
        (0, -one, one, 0): (270, False),
        (-one, 0, 0, one): (0, True),
        (one, 0, 0, -one): (180, True),
        (0, one, one, 0): (270, True),
        (0, -one, -one, 0): (90, True),
    }
    for (a, b, c, d), expected in rows.items():
        matrix = struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        assert orientation(matrix) == expected
        turn, mirrored = expected
        # a bright pixel at the left top goes where the matrix sends it
        picture = np.zeros((2, 3, 3), np.uint8)
        picture[0, 0] = 255
        size = (2, 3) if turn % 180 else (3, 2)
        plan = plan_geometry((3, 2), 1.0, turn, size, "stretch", mirrored=mirrored)
        shown = arrange(picture, plan)[..., 0]
        x, y = (-1 if a < 0 or c < 0 else 0), (-1 if b < 0 or d < 0 else 0)
        assert shown[y, x] == 255 and shown.sum() == 255
    assert orientation(None) == (0, False) and orientation(b"short") == (0, False)
