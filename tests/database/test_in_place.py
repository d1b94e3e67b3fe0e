"""A database that is deleted, moved or replaced while it is in use: it is said, nothing is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import svqa.pipeline.ingest as ingesting
from svqa.database import open_store
from svqa.errors import DatabaseError
from svqa.pipeline import open_library
from tests.helpers.clips import numbered
from tests.helpers.database import chunk, video_info


def deleted(path: Path) -> None:
    path.unlink()


def deleted_with_its_log(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replaced(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    os.replace(copy, path)


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("renamed"))


CHANGES = [deleted, deleted_with_its_log, moved, replaced, folder_moved]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_written_to_a_file_that_nobody_finds(tmp_path, change):
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(f"sqlite:///{home}/a.db")
    claim = store.claim_video(video_info(), {})
    change(home / "a.db")
    for work in (
        lambda: store.commit_chunk(claim.video_id, chunk(0.0, 30.0)),
        lambda: store.finish_video(claim.video_id),
        store.videos,
        store.stats,
    ):
        with pytest.raises(DatabaseError, match="while it was in use"):
            work()
    assert not (home / "a.db").exists() or change is replaced


@pytest.mark.parametrize("change", [deleted, moved])
def test_what_goes_while_a_transaction_lasts_is_said_too(tmp_path, change):
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        with pytest.raises(DatabaseError, match="while it was in use"), store.write():
            change(tmp_path / "a.db")
        store._leases.clear()


@pytest.mark.slow
@pytest.mark.parametrize("change", [deleted_with_its_log, moved])
def test_an_ingest_reports_it_as_failed(tmp_path, monkeypatch, change):
    finish = ingesting._finish

    def last(*given):
        change(tmp_path / "a.db")
        finish(*given)

    monkeypatch.setattr(ingesting, "_finish", last)
    library = open_library(f"sqlite:///{tmp_path}/a.db", "shapes")
    (report,) = library.ingest(numbered(frames=10))
    assert report.status == "failed" and "while it was in use" in report.note
