"""A file is looked at before it is hashed, and hashed once."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from svqa.errors import MediaError, NotAVideo, NoVideoStream, VideoNotFound
from svqa.media import file_sha256, identify, probe, probing
from svqa.pipeline import open_library
from tests.helpers.clips import ffmpeg, folder, numbered

HUGE = 20 << 30
HEADS = {
    "zeros": b"",
    "text": b"just words\n" * 40,
    "an archive": b"PK\x03\x04" + bytes(400),
    "a box and zeros": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    "a Matroska head and zeros": b"\x1aE\xdf\xa3\x9fB\x86\x81\1",
    "a transport packet and zeros": b"G" + bytes(187) + b"G",
}


@pytest.fixture()
def hashed(monkeypatch) -> list[str]:
    """The descriptors of the videos that are hashed, each time."""
    seen: list[str] = []
    real = hashlib.file_digest

    def counting(file, digest):
        seen.extend([] if isinstance(file.name, str) else [str(file.name)])  # models have names
        return real(file, digest)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    return seen


@pytest.mark.parametrize("kind", HEADS)
def test_a_huge_file_that_is_no_video_is_refused_before_it_is_hashed(tmp_path, hashed, kind):
    path = tmp_path / "huge.mp4"
    with open(path, "wb") as file:
        file.write(HEADS[kind])
        file.truncate(HUGE)
    for look in (identify, probe):
        begin = time.monotonic()
        with pytest.raises(MediaError):
            look(path)
        assert time.monotonic() - begin < 12 and hashed == []


def test_a_small_file_that_is_no_video_is_told_as_ever(tmp_path):
    (tmp_path / "page.mp4").write_bytes(b"<!doctype html>")
    with pytest.raises(NotAVideo, match="web page"):
        identify(tmp_path / "page.mp4")
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "sound.mp3")
    with pytest.raises(NoVideoStream):
        identify(tmp_path / "sound.mp3")
    with pytest.raises(VideoNotFound):
        identify(tmp_path / "missing.mp4")


@pytest.mark.parametrize(
    "suffix, codec",
    [(".mp4", "libx264"), (".mkv", "libx264"), (".ts", "libx264"), (".ivf", "libvpx")],
)
def test_the_identity_is_the_hash_of_all_bytes(suffix, codec, monkeypatch):
    path = numbered(suffix, codec=codec, frames=30)
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    assert identify(path) == probe(path).sha256 == file_sha256(path) == right
    monkeypatch.setattr(probing, "QUICK_BYTES", 0)
    assert identify(path) == right and probe(path, sha256="0" * 64).sha256 == "0" * 64


def test_an_ingest_hashes_once(tmp_path, hashed):
    path = Path(folder() / "once.mp4")
    path.write_bytes(numbered(frames=40).read_bytes())
    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}", every_s=1.0, boxes=False) as library:
        (report,) = library.ingest(path)
        assert report.status == "ready" and len(hashed) == 1
        (again,) = library.ingest(path)
        assert again.status == "already" and len(hashed) == 2
