"""Standard streams that are closed or full, and little room: an exit code and a sentence."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.media import Sampling, read_frames
from svqa.media.process import Worker
from svqa.shapes import scene_of, write_mp4
from tests.helpers.clips import numbered

ROOT = str(Path(__file__).parents[2])


def shell(command: str, folder: Path) -> subprocess.CompletedProcess:
    """Run `svqa ...` by a shell, which can close its streams and set limits."""
    env = {**os.environ, "PYTHONPATH": ROOT, "SVQA": f"{sys.executable} -m svqa"}
    return subprocess.run(
        ["sh", "-c", command], env=env, capture_output=True, text=True, cwd=folder, timeout=300
    )


@pytest.fixture
def film(tmp_path) -> Path:
    write_mp4(scene_of(7, 0), tmp_path / "a.mp4", width_px=64)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", ">&- 2>&-", "<&-"])
def test_a_film_is_taken_in_whichever_stream_is_closed(film, closed):
    done = shell(f"$SVQA ingest a.mp4 --models shapes {closed}", film)
    assert done.returncode == (1 if closed.startswith(">") else 0), done
    with open_store(f"sqlite:///{film}/svqa.db") as store:
        assert [v.status for v in store.videos()] == ["ready"]


@pytest.mark.parametrize("stream", [">&-", "> /dev/full"])
@pytest.mark.parametrize("command", ["models list", "models list --json", "--version", "db stats"])
def test_a_result_that_cannot_be_printed_is_an_error_with_a_sentence(tmp_path, command, stream):
    open_store(f"sqlite:///{tmp_path}/svqa.db").close()  # what `db stats` tells of
    done = shell(f"$SVQA {command} {stream}", tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "standard output is closed" in done.stderr or "No space left" in done.stderr


def test_a_reader_that_went_away_is_no_error_to_speak_of(tmp_path):
    done = shell("$SVQA models list | true", tmp_path)
    assert "Traceback" not in done.stderr and "could not be printed" not in done.stderr


@pytest.mark.parametrize("command", ["ingest a.mp4", "ask what", "search what"])
def test_too_little_room_to_address_is_said_before_the_models_are_loaded(tmp_path, command):
    done = shell(f"ulimit -v 4000000; $SVQA {command}", tmp_path)
    assert done.returncode == 2 and "ulimit -v" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("files", [48, 16, 10])
def test_few_open_files_are_a_failure_of_the_film_or_none(film, files):
    done = shell(f"ulimit -n {files}; $SVQA ingest a.mp4 --models shapes --json", film)
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "Too many open files" in done.stdout + done.stderr
    else:
        assert json.loads(done.stdout)[0]["status"] == "ready"


def test_a_worker_leaves_no_descriptor(monkeypatch):
    film, workers = numbered(frames=10), []
    born = Worker.__init__

    def kept(self, *given):
        workers.append(self)
        born(self, *given)

    monkeypatch.setattr(Worker, "__init__", kept)
    read_frames(film, Sampling.every(0.2))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        read_frames(film, Sampling.every(0.2))
    assert len(workers) >= 6 and len(os.listdir("/proc/self/fd")) == before
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > before
