"""Films in an object store, read by ranges: the same as files, and what may go wrong."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest

from svqa.errors import FileChanged, StoreUnreachable, SvqaError, UsageError, VideoNotFound
from svqa.media import (
    Sampling,
    check_unchanged,
    cut_clip,
    file_sha256,
    file_stamp,
    object_file,
    objects,
    probe,
    read_audio,
    read_frames,
)
from tests.helpers.clips import ffmpeg, folder, numbered
from tests.helpers.object_store import SECRET, cuts, object_store, refuses


@pytest.fixture()
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "WAITS_S", (0.0, 0.0))
    with object_store(tmp_path / "store", monkeypatch) as served:
        yield served


def key(name: str = "film.mp4") -> str:
    """A bucket that no test before had."""
    return f"b{uuid.uuid4().hex[:8]}/{name}"


@pytest.fixture(scope="module")
def large() -> Path:
    """Two minutes of noise with sound: 20 MB, a keyframe every second."""
    path = Path(folder()) / "large.mp4"
    if not path.exists():
        noise = "nullsrc=s=160x90:r=10:d=120,geq=random(1)*255:128:128"
        ffmpeg(
            "-f",
            "lavfi",
            "-i",
            noise,
            "-f",
            "lavfi",
            "-i",
            "sine=d=120",
            "-g",
            "10",
            "-crf",
            "3",
            path,
        )
    return path


@pytest.mark.parametrize(
    "suffix, codec",
    [(".mp4", "libx264"), (".mkv", "libx264"), (".ts", "libx264"), (".avi", "mpeg4")],
)
def test_an_object_is_read_as_its_file_is(store, suffix, codec):
    film = numbered(suffix, codec=codec, frames=60)
    url = store.put(film, key(f"film{suffix}"))
    there, here = probe(url), probe(film)
    assert (there.path, here.path) == (url, str(film)) and there.sha256 != here.sha256
    for name in set(vars(here)) - {"path", "sha256"}:
        assert getattr(there, name) == getattr(here, name), name
    every = Sampling.every(0.25)
    seen, meant = read_frames(url, every), read_frames(film, every)
    assert np.array_equal(seen.pixels, meant.pixels) and seen.t_s.tolist() == meant.t_s.tolist()


def test_sound_and_clips_come_from_an_object_too(store, large, tmp_path):
    url = store.put(large, key())
    heard, meant = (read_audio(f, start_s=60, end_s=61) for f in (url, large))
    assert heard is not None and np.array_equal(heard.samples, meant.samples)
    cut = [cut_clip(f, tmp_path / f"{n}.mp4", [(30, 32)]) for n, f in enumerate((url, large))]
    assert cut[0].path.read_bytes() == cut[1].path.read_bytes()


def test_a_stretch_takes_only_its_bytes_and_none_is_asked_for_whole(store, large):
    url = store.put(large, key())
    size = large.stat().st_size
    assert size > 15 * object_file.BLOCK_BYTES
    frames = read_frames(url, Sampling.every(0.5), start_s=100, end_s=102)
    assert len(frames.t_s) == 4 and store.bytes_served < size / 3
    assert max(served for _, served in store.got) <= object_file.BLOCK_BYTES


def test_a_film_is_never_held_whole(store, large, monkeypatch):
    monkeypatch.setattr(object_file, "KEPT_BLOCKS", 6)
    url = store.put(large, key())
    assert len(read_frames(url, Sampling.every(1.0), size_px=32).t_s) == 120
    kept = max(len(blocks._kept) for blocks in object_file._objects.values())
    assert kept <= 6
    assert store.bytes_served < 2.3 * large.stat().st_size, (
        "once for the packets' times, once to decode"
    )


def test_its_identity_is_of_size_and_version_and_costs_no_byte(store, tmp_path):
    film = numbered(frames=30)
    first, copy = (store.put(film, key()) for _ in range(2))
    other = store.put(numbered(frames=31), key())
    assert file_sha256(first) == file_sha256(copy), "S3's ETag is made of the bytes"
    assert file_sha256(first) != file_sha256(other) and not store.got


def test_a_film_that_is_replaced_is_told(store):
    name = key()
    url = store.put(numbered(frames=30), name)
    before = file_stamp(url)
    check_unchanged(url, before)
    store.put(numbered(frames=31), name)
    with pytest.raises(FileChanged, match="replaced"):
        check_unchanged(url, before)
    (store.root / name).unlink()
    with pytest.raises(FileChanged, match="disappeared"):
        check_unchanged(url, before)


def test_what_is_not_there_or_not_allowed_is_said_in_a_line(store):
    url = store.put(numbered(frames=30), key())
    for wrong, words in ((url + "x", "No such object"), ("s3://nowhere/a.mp4", "No such object")):
        with pytest.raises(VideoNotFound, match=words):
            probe(wrong)
    store.fault = refuses
    with pytest.raises(VideoNotFound, match="no permission") as refused:
        probe(url)
    assert "\n" not in str(refused.value) and SECRET not in str(refused.value)


def test_a_cut_connection_is_asked_again(store):
    film = numbered(frames=60)
    url = store.put(film, key())
    store.fault = cuts(2)
    seen, meant = read_frames(url, Sampling.every(0.5)), read_frames(film, Sampling.every(0.5))
    assert np.array_equal(seen.pixels, meant.pixels)


def test_one_that_stays_cut_is_an_error_and_no_shorter_film(store, large):
    url = store.put(large, key())
    store.fault = cuts(float("inf"), after=8)
    with pytest.raises(StoreUnreachable, match="connection cut") as failed:
        read_frames(url, Sampling.every(1.0), size_px=32)
    assert SECRET not in str(failed.value) and "\n" not in str(failed.value)


def test_no_server_is_an_error_within_seconds(store, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    objects._for_scheme.cache_clear()
    with pytest.raises(StoreUnreachable, match="connection refused"):
        probe("s3://films/kitchen.mp4")


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:topsecret@films/a.mp4",
        "s3://AKIA:top/secret/topsecret@films/a.mp4",
        "gs://key:topsecret/@films/a.mp4",
        "s3://films/a.mp4?X-Amz-Signature=topsecret",
        "az://films/a.mp4?sig=topsecret",
        "abfs://films:topsecret@account.dfs.core.windows.net/a.mp4",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url):
    with pytest.raises(UsageError, match="environment") as refused:
        probe(url)
    assert "topsecret" not in str(refused.value) and "a.mp4" in str(refused.value)


def test_what_to_install_is_said():
    script = (
        "import sys; sys.modules |= {'obstore': None, 's3fs': None}\n"
        "from svqa.media import probe\n"
        "from svqa.errors import UsageError\n"
        "try: probe('s3://films/a.mp4')\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "pip install 'svqa[s3]'" in done.stdout, done.stderr


def test_decord_reads_files_only():
    with pytest.raises(SvqaError, match="pyav"):
        read_frames("s3://films/a.mp4", decoder="decord")
