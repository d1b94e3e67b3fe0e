"""Whether a file is whole, and how much of a cut one is missing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from svqa.media import Sampling, stream_frames
from svqa.media.byte_ranges import film_bytes
from svqa.media.truncation import ends_early
from tests.helpers.clips import numbered, variant


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
def test_a_cut_file_ends_early_and_a_whole_one_does_not(suffix):
    codec = {".avi": "mpeg4", ".webm": "libvpx-vp9"}.get(suffix, "libx264")
    clip = numbered(suffix, codec=codec)
    data = clip.read_bytes()
    for share, expected in ((1.0, False), (0.99, True), (0.3, True)):
        path = variant(clip, f"share{int(share * 100)}{suffix}", data[: int(len(data) * share)])
        with open(path, "rb") as file:
            assert ends_early(film_bytes(file.fileno())) is expected


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"\x1aE\xdf\xa3", b"\0\0\0\1ftyp", b"\0\0\0\x08ftyp\0\0", b"noise" * 20]
)
def test_wholeness_of_rubbish_is_an_answer(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with open(tmp_path / "x", "rb") as file:
        assert ends_early(film_bytes(file.fileno())) in (True, False)


def is_cut(path: Path) -> bool:
    with open(path, "rb") as file:
        return ends_early(film_bytes(file.fileno()))


FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov")
AFTER = {
    "text": b"This film was brought to you by somebody.\n" * 3,
    "few bytes": b"\0\0\0",
    "zeros": bytes(4096),
    "a tag": b"TAG" + b"A title".ljust(125, b"\0"),
    "an APE tag": b"APETAGEX" + bytes(24),
    "noise": bytes(range(256)) * 9,
    "an empty box": b"\0\0\0\x08free",
    "a cut free box": b"\0\0\x20\0free" + bytes(99),
    "a box nobody knows": b"\0\0\0\x10xyzzabcdefgh",
}


@pytest.mark.parametrize("how", [(), ("-movflags", "faststart"), FRAGMENTED])
@pytest.mark.parametrize("after", AFTER)
def test_what_comes_after_the_last_box_is_not_missing(after, how):
    clip = numbered(".mp4", extra=how)
    path = variant(clip, "after.mp4", clip.read_bytes() + AFTER[after])
    assert not is_cut(path)
    with stream_frames(path, Sampling.native(), size_px=32) as stream:
        assert sum(map(len, stream)) == 75
    assert stream.ended == "complete"


@pytest.mark.parametrize("after", ["text", "noise"])
def test_a_cut_box_is_missing_whatever_stands_before_it(after):
    clip = numbered(".mp4", extra=FRAGMENTED)
    data = clip.read_bytes()
    last = data.rfind(b"mdat")
    assert is_cut(variant(clip, "cut.mp4", data[: last + 40]))
    assert is_cut(variant(clip, "early.mp4", data[:40] + AFTER[after]))


@pytest.mark.parametrize("filler", [b"\0", b"\xa7"], ids=["zeros", "noise"])
def test_a_last_fragment_that_is_none_any_more_is_missing(filler):
    """Others came before it, and their list, which comes last, is still there."""
    clip = numbered(".mp4", extra=FRAGMENTED)
    data = clip.read_bytes()
    last, listed = data.rindex(b"moof") - 4, data.rindex(b"mfra") - 4
    assert data.count(b"moof") > 2 and last < listed
    spoilt = data[:last] + filler * (listed - last) + data[listed:]
    assert is_cut(variant(clip, "spoilt.mp4", spoilt)) and not is_cut(clip)


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
@pytest.mark.parametrize("size", ["the file's", 0xFFFFFFFF, 0, "one less"])
def test_an_avi_whose_size_is_counted_otherwise_is_whole(size, codec):
    clip = numbered(".avi", codec=codec)
    data = bytearray(clip.read_bytes())
    known = {"the file's": len(data), "one less": len(data) - 9}
    data[4:8] = struct.pack("<I", known.get(size, size))
    path = variant(clip, "size.avi", bytes(data))
    assert not is_cut(path)
    for share in (0.3, 0.9):
        assert is_cut(variant(clip, "cut.avi", bytes(data[: int(len(data) * share)])))


def test_an_avi_with_something_after_it_is_whole():
    clip = numbered(".avi", codec="mpeg4")
    assert not is_cut(variant(clip, "after.avi", clip.read_bytes() + AFTER["text"]))


@pytest.mark.parametrize(
    "suffix, codec", [(".mp4", "libx264"), (".mkv", "libx264"), (".avi", "mpeg4")]
)
@pytest.mark.fault("F10")
def test_a_cut_file_says_how_much_it_should_hold(suffix, codec):
    extra = ("-movflags", "faststart") if suffix == ".mp4" else ()
    clip = numbered(suffix, codec=codec, frames=250, extra=extra)
    data = clip.read_bytes()
    path = variant(clip, f"cut{suffix}", data[: len(data) // 2])
    with stream_frames(path, Sampling.every(0.5), size_px=32) as stream:
        count = sum(map(len, stream))
    assert stream.ended == "truncated" and 0 < count < 20
    assert stream.declared_s == pytest.approx(10.0, abs=0.1)
