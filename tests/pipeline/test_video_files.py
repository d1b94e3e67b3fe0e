"""What of a folder is read, what is passed over, and that one file does not stop the others."""

from __future__ import annotations

import errno
import os

import pytest

import svqa.pipeline.ingest as ingesting
from svqa.errors import (
    DatabaseError,
    LeaseLost,
    ModelError,
    NotAVideo,
    UsageError,
    VideoNotFound,
)
from svqa.pipeline import IngestReport, find_videos
from svqa.pipeline.video_files import said_of_passed_over
from svqa.settings import Settings
from tests.helpers.clips import numbered


def test_a_file_without_a_suffix_is_known_by_its_beginning(tmp_path):
    made = {suffix: numbered(suffix, frames=10).read_bytes() for suffix in (".mp4", ".mkv", ".ts")}
    for suffix, data in made.items():
        (tmp_path / f"no{suffix[1:]}").write_bytes(data)
    (tmp_path / "README").write_text("no video")
    (tmp_path / "film.MP4").write_bytes(made[".mp4"])
    found = find_videos([tmp_path])
    names = [os.path.basename(f) for f in found.files]
    assert names == ["film.MP4", "nomkv", "nomp4", "nots"]
    assert said_of_passed_over(found).startswith(
        "Passed over 1 file of the folders: README (no suffix)."
    )


@pytest.mark.fault("F34")
def test_links_are_followed_to_files_and_told_where_they_lead_nowhere(tmp_path):
    (tmp_path / "real.mp4").write_bytes(b"x")
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    (folder / "good.mp4").symlink_to(tmp_path / "real.mp4")
    (folder / "gone.mp4").symlink_to(tmp_path / "nothing")
    (folder / "gone").symlink_to(tmp_path / "nothing")
    (folder / "inside" / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.mp4")
    found = find_videos([folder])
    assert [os.path.basename(f) for f in found.files] == ["gone.mp4", "good.mp4"]
    told = {os.path.basename(name): why for name, why in found.passed_over}
    assert told == {
        "gone": "a link to nothing",
        "pipe.mp4": "not a regular file",
        "up": "a link to a folder",
    }


def test_paths_stay_as_they_were_given(tmp_path):
    given = ["https://example.org/a//b.mp4", "./x.mp4", os.fsdecode(b"\xff.mp4"), "noext"]
    assert find_videos(given).files == tuple(given) and not find_videos(given).passed_over
    (tmp_path / "t.txt").touch()
    with pytest.raises(VideoNotFound, match=r"No video in folder .* Passed over: t.txt \(not a"):
        find_videos([tmp_path])


FAILURES = [
    DatabaseError("another process has been writing to 'x.db' for 30 s"),
    LeaseLost("taken over"),
    OSError(errno.EMFILE, "Too many open files"),
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    NotAVideo("no video"),
    UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda e: type(e).__name__)
@pytest.mark.fault("F22")
def test_one_file_does_not_stop_the_others(monkeypatch, failure):
    def ingest(_store, _models, path, **_):
        if path == "b.mp4":
            raise failure
        return IngestReport(path, "ready")

    monkeypatch.setattr(ingesting, "ingest_video", ingest)
    paths = ["a.mp4", "b.mp4", "c.mp4"]
    reports = ingesting.ingest_many(None, None, paths, settings=Settings())
    assert [r.status for r in reports] == ["ready", "failed", "ready"]
    assert reports[1].note.startswith(type(failure).__name__)


@pytest.mark.parametrize("failure", [UsageError("wrong"), ModelError("no"), KeyboardInterrupt()])
def test_what_concerns_every_file_stops_at_once(monkeypatch, failure):
    def ingest(*_, **__):
        raise failure

    monkeypatch.setattr(ingesting, "ingest_video", ingest)
    with pytest.raises(type(failure)):
        ingesting.ingest_many(None, None, ["a.mp4", "b.mp4"], settings=Settings())
