"""What a file holds, as it will be displayed; and the pure parts.

Which frames, which groups, which geometry.
"""

from __future__ import annotations

import hashlib
import os
from array import array

import numpy as np
import pytest

from svqa.media import FileStamp, Sampling, file_sha256, file_stamp, probe
from svqa.media.geometry import arrange, displayed_size, output_size, plan_geometry
from tests.helpers.clips import numbered


def test_probe_of_a_real_clip(real_clips):
    path = real_clips["bigbuckbunny"]
    info = probe(path)
    assert (info.width_px, info.height_px, info.frames, info.codec) == (1280, 720, 132, "h264")
    assert (
        info.duration_s == pytest.approx(5.28)
        and info.rate_hz == pytest.approx(25)
        and info.has_audio
    )
    assert not info.variable_rate and info.path == str(path)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() == file_sha256(path)
    assert info.size_bytes == path.stat().st_size


def test_non_square_pixels_of_a_real_clip(real_clips):
    info = probe(real_clips["carphone_pristine"])  # 176 x 144 coded, pixels 128:117
    assert (info.width_px, info.height_px) == (193, 144)


@pytest.mark.parametrize(
    "suffix, codec",
    [(".mp4", "libx264"), (".webm", "libvpx-vp9"), (".avi", "mpeg4"), (".ts", "libx264")],
)
def test_counts_come_from_packets(suffix, codec):
    info = probe(numbered(suffix, codec=codec))
    assert (
        info.frames == 75
        and info.duration_s == pytest.approx(3.0, abs=0.01)
        and info.rate_hz == pytest.approx(25, rel=0.01)
    )


def test_stamp_and_hash_follow_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    stamp, digest = file_stamp(tmp_path / "a"), file_sha256(tmp_path / "a")
    assert isinstance(stamp, FileStamp) and stamp.size_bytes == 3
    (tmp_path / "a").write_bytes(b"two")
    os.utime(tmp_path / "a", ns=(0, stamp.mtime_ns + 1))
    assert file_stamp(tmp_path / "a") != stamp and file_sha256(tmp_path / "a") != digest


# -- which frames ---


def test_wants_is_the_last_frame_at_or_before():
    times = np.arange(10) / 25  # 0.00 .. 0.36
    for sampling, chosen in (
        (Sampling.every(0.1), [0, 2, 5, 7]),
        (Sampling.at([0.3, 0.05, 0.31]), [1, 7]),
        (Sampling.native(), list(range(10))),
        (Sampling.at([]), []),
    ):
        got = [i for i in range(9) if sampling.wants(times[i], times[i + 1])]
        got += [9] if sampling.wants_last(times[9], 0.4) else []
        assert got == chosen


def test_the_grid_meets_frames_in_spite_of_rounding():
    for rate in (24, 25, 30, 50, 60):
        for k in range(1, 4000):
            assert Sampling.every(1 / rate).wants(k / rate, (k + 1) / rate)


def test_an_open_group_brings_the_group_before():
    from svqa.media.decode_plan import Group, plan_groups

    class Table:  # two groups; 9 is shown before its keyframe 10 and refers to the first group
        pts, is_key = array("q", [0, 2, 1, 10, 9, 12, 11]), bytes([1, 0, 0, 1, 0, 0, 0])
        is_repeat = bytes(7)

    assert plan_groups(Table, {11}).groups == {10: Group(11, False)}
    assert plan_groups(Table, {9}).groups == {0: Group(1, False), 10: Group(9, True)}
    assert plan_groups(Table, {2, 12}).groups == {0: Group(2, False), 10: Group(12, True)}


# -- geometry ---


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad", "inside", "shrink"])
@pytest.mark.parametrize("size", [(64, 64), (31, 7), None])
def test_every_fit_and_turn_gives_the_promised_size(turn, fit, size):
    coded = (30, 20)
    out = output_size(displayed_size(coded, 1.5, turn), size, fit)
    geometry = plan_geometry(coded, 1.5, turn, out, fit)
    width, height = geometry.scale_wh
    assert arrange(np.ones((height, width, 3), np.uint8), geometry).shape == (out[1], out[0], 3)


def test_a_turn_is_clockwise_until_upright():
    picture = np.zeros((2, 3, 3), np.uint8)
    # left top, of a picture that has to be turned clockwise by 90: goes to the right top
    picture[0, 0] = 255
    upright = arrange(picture, plan_geometry((3, 2), 1.0, 90, (2, 3), "stretch"))
    assert upright[0, 1].min() == 255 and upright.sum() == 3 * 255
