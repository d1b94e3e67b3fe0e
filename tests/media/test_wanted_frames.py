"""Every frame that comes is the one its time says, also where a packet gives none of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from svqa.media import Sampling, stream_frames
from svqa.media.decode_plan import Group, Plan, as_planned
from svqa.media.random_access import begins_here, slice_type
from tests.helpers.clips import ffmpeg, folder, numbered, pattern, read_number, variant

RATE, FRAMES = 25, 700
X264 = ("-preset", "fast", "-bf", "0")
REFRESHED = {  # coded so that no packet but the first stands alone
    "mp4": (".mp4", "libx264", (*X264, "-x264-params", "intra-refresh=1:keyint=50:scenecut=0")),
    "ts": (".ts", "libx264", (*X264, "-x264-params", "intra-refresh=1:keyint=40:scenecut=0")),
    "mkv slices": (
        ".mkv",
        "libx264",
        (*X264, "-x264-params", "intra-refresh=1:keyint=60:slices=4:scenecut=0"),
    ),
    "b-frames": (".mp4", "libx264", ("-x264-params", "intra-refresh=1:keyint=50:bframes=2")),
    "hevc": (
        ".mp4",
        "libx265",
        ("-preset", "ultrafast", "-x265-params", "intra-refresh=1:keyint=50:log-level=error"),
    ),
}


def film(kind: str) -> Path:
    suffix, codec, options = REFRESHED[kind]
    return numbered(suffix, codec=codec, frames=FRAMES, size=(192, 128), b_frames=0, extra=options)


def shown(path: Path, sampling: Sampling, **more) -> list[tuple[float, int]]:
    with stream_frames(path, sampling, size_px=64, **more) as stream:
        rows = [
            (round(float(t), 3), read_number(p))
            for b in stream
            for t, p in zip(b.t_s, b.pixels, strict=True)
        ]
    assert stream.ended == "complete"
    return rows


@pytest.mark.parametrize("kind", REFRESHED)
def test_intra_refresh_gives_the_right_frames_however_they_are_asked_for(kind):
    path = film(kind)
    half = shown(path, Sampling.every(0.5))
    assert [n for _, n in half] == [round(t * RATE) for t, _ in half] and len(half) == 56
    for times in ([4.04], [4.04, 6.04, 8.04], [12.2], [27.0]):
        assert [n for _, n in shown(path, Sampling.at(times))] == [
            int(t * RATE + 1e-6) for t in times
        ]
    late = shown(path, Sampling.every(0.5), start_s=24.0, end_s=26.0)
    assert late == [(24.0, 600), (24.5, 612), (25.0, 625), (25.5, 637)] or late == [
        row for row in half if 24 <= row[0] < 26
    ]
    keys = shown(path, Sampling.keyframes())
    assert keys and all(n == round(t * RATE) for t, n in keys)


def test_a_recording_that_begins_in_the_middle_of_a_refresh_shows_no_wrong_frame():
    data = film("ts").read_bytes()
    path = variant(film("ts"), "cut.ts", data[len(data) // 4 // 188 * 188 :])
    rows = shown(path, Sampling.every(0.5))
    first = rows[0][1]
    assert first > 0 and [n for _, n in rows] == [first + round(t * RATE) for t, _ in rows]


def still(suffix: str, codec: str, keep: str, *options) -> Path:
    """A film whose picture is coded anew only where `keep` says so; else it is repeated."""
    path = folder() / f"still-{codec}{abs(hash(keep))}{suffix}"
    held = [i if eval(keep, {"n": i}) else -1 for i in range(100)]
    last, frames = 0, []
    for i in held:
        last = i if i >= 0 else last
        frames.append(pattern(last).tobytes())
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x96", "-r", RATE, "-i", "pipe:")
    ffmpeg(*raw, "-c:v", codec, *options, path, stdin=b"".join(frames))
    return path


@pytest.mark.parametrize("keep", ["n == 0", "n % 20 == 0", "n < 30 or n > 70"])
def test_theora_repeats_are_frames(keep):
    path = still(".ogv", "libtheora", keep, "-q:v", "10")
    rows = shown(path, Sampling.native())
    assert len(rows) == 100
    right = [max(i for i in range(j + 1) if eval(keep, {"n": i})) for j in range(100)]
    assert [n for _, n in rows] == right
    assert shown(path, Sampling.every(0.2)) == rows[::5]
    assert shown(path, Sampling.at([0.2, 2.0, 3.96])) == [rows[5], rows[50], rows[99]]


def test_dropped_frames_of_an_avi_stand():
    path = folder() / "dropped.avi"
    raw = b"".join(pattern(i).tobytes() for i in range(100))
    picture = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x96", "-r", RATE, "-i", "pipe:")
    keep = ("-vf", "select='not(mod(n,10))'", "-fps_mode", "vfr", "-enc_time_base", "1/25")
    ffmpeg(*picture, *keep, "-c:v", "mpeg4", "-q:v", 3, path, stdin=raw)
    rows = shown(path, Sampling.every(0.2))
    assert [n for _, n in rows] == [int(t * RATE + 1e-6) // 10 * 10 for t, _ in rows] and len(
        rows
    ) >= 10
    assert [n for _, n in shown(path, Sampling.at([2.1, 3.3]))] == [50, 80]


def test_what_a_slice_is_is_read_from_its_first_bits():
    assert slice_type(bytes([0b10001000])) == 7  # 1 | 0001000
    assert slice_type(bytes([0b10110000])) == 2  # 1 | 011
    assert slice_type(bytes([0b10011000])) == 5  # 1 | 00110
    assert slice_type(b"") == slice_type(b"\0" * 8) == 0

    class Packet(bytes):
        is_keyframe = True

    refresh = Packet(b"\0\0\1\x06rubbish\0\0\1\x41" + bytes([0b10011000]))
    assert not begins_here(refresh, "h264", None)
    assert begins_here(Packet(b"\0\0\1\x41" + bytes([0b10001000])), "h264", None)
    assert begins_here(Packet(b"\0\0\0\x02\x65\x88"), "h264", b"\1\0\0\0\xff\xe1")
    assert begins_here(Packet(b"\0\0\1\x26\x01"), "hevc", None)
    assert not begins_here(Packet(b"\0\0\1\x02\x01"), "hevc", None)
    assert begins_here(Packet(b"anything"), "vp9", None) and begins_here(Packet(b""), "h264", b"")


@pytest.mark.parametrize(
    ("groups", "read"),
    [
        ({3: Group(4, False)}, 7),
        ({0: Group(1, False), 6: Group(7, False)}, 10),
        ({9: Group(11, False)}, 12),
    ],
    ids=["one", "two", "the last one"],
)
def test_nothing_is_read_after_the_keyframe_that_follows_the_last_wanted_picture(groups, read):
    packets = iter(SimpleNamespace(pts=pts) for pts in range(12))
    plan = Plan(groups, wanted=set(), keys=frozenset({0, 3, 6, 9}))
    assert [packet.pts for packet in as_planned(packets, plan)] == list(range(read))
    assert next(packets, SimpleNamespace(pts=12)).pts == read
