"""Several films at once, each in a process of its own: the rows of one after another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from benchmarks.faults.stored_rows import all_rows
from benchmarks.faults.thumbnails import cheap_models
from svqa.database import Store, open_store
from svqa.errors import ModelError, UsageError
from svqa.media.worker_start import template_pids
from svqa.models import ModelSet, ModelSpec, load_set, parse_spec
from svqa.models.weights import WEIGHTS
from svqa.pipeline import Library, ingest_jobs
from svqa.pipeline.concurrent_work import cores
from svqa.pipeline.ingest_jobs import WORKER_BYTES, free_bytes, jobs_that_fit
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, folder
from tests.helpers.fatal_models import fatal_models, models_in_finalizers


def film(colour: str, seconds: float = 2.0) -> Path:
    """A coloured picture, and moving noise in it so that films differ."""
    out = folder() / f"{colour}-{seconds:g}s.mp4"
    if not out.exists():
        picture = f"color={colour}:s=64x48:r=10:d={seconds}"
        ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-g", 10, out)
    return out


def library(database: Path, models=cheap_models, **settings) -> Library:
    chosen = Settings(database=f"sqlite:///{database}", speech=False, text=False, **settings)
    return Library(open_store(chosen.database), models(), chosen)


def left_running() -> list[list[str]]:
    """-> the commands of this process's children, but for Python's own tracker of resources."""
    family = psutil.Process().children(recursive=True)
    # this process may keep the one of which its own decoding workers are copies
    commands = [child.cmdline() for child in family if child.pid not in template_pids()]
    return [words for words in commands if "resource_tracker" not in " ".join(words)]


@pytest.mark.slow
@pytest.mark.fault("F23")
def test_two_at_once_leave_the_rows_of_one_after_another(tmp_path):
    short = {"scene_s": 1.0, "segment_s": 1.0}  # two chunks each, so that commits interleave
    missing = tmp_path / "missing.mp4"
    films = [film("blue"), film("green", 3.0), missing, film("gray"), film("blue"), film("navy")]
    with library(tmp_path / "one.db", **short) as one:
        first = one.ingest(*films)
        right = all_rows(one.store)
    seen = []
    with library(tmp_path / "two.db", **short) as two:
        second = two.ingest(*films, jobs=2, progress=lambda *step: seen.append(step))
        assert all_rows(two.store) == right
        again = two.ingest(*films, jobs=2)
        assert all_rows(two.store) == right
        assert "blue-2s.mp4" in {Path(v.path).name for v in two.videos()}
    same = [(r.path, r.status, r.video, r.frames, r.segments, r.note) for r in first]
    assert [(r.path, r.status, r.video, r.frames, r.segments, r.note) for r in second] == same
    assert [r.status for r in second] == ["ready", "ready", "failed", "ready", "already", "ready"]
    assert [r.status for r in again].count("already") == 5
    assert {path for path, *_ in seen} == {str(f) for f in films if f != missing}


@pytest.mark.slow
@pytest.mark.fault("F44")
def test_a_film_of_which_its_worker_dies_is_refused_by_name_and_the_others_are_taken_in(tmp_path):
    films = [film("blue"), film("red"), film("green"), film("gray")]
    with library(tmp_path / "svqa.db", fatal_models) as here:
        reports = here.ingest(*films, jobs=2)
        assert [r.status for r in reports] == ["ready", "failed", "ready", "ready"]
        (refused,) = [r for r in reports if r.status == "failed"]
        assert refused.path == str(films[1]) and refused.note.startswith("IngestCrashed: ")
        assert str(films[1]) in refused.note and "SIGKILL" in refused.note
        assert len(here.videos()) == 3
    assert left_running() == []


def test_no_film_at_a_time_is_a_wrong_request(tmp_path):
    films = tmp_path / "a.mp4", tmp_path / "b.mp4"
    with (
        library(tmp_path / "svqa.db") as here,
        pytest.raises(UsageError, match="jobs must be at least 1"),
    ):
        here.ingest(*films, jobs=0)


@pytest.mark.slow
def test_a_request_that_is_wrong_for_every_film_stops_them_all(tmp_path):
    with library(tmp_path / "svqa.db") as here:
        here.models = here.models.replaced({})
        here.models._specs.pop("encoder")
        with pytest.raises(ModelError, match="no encoder"):
            here.ingest(film("blue"), film("green"), jobs=2)
    assert left_running() == []


def test_as_many_films_at_once_as_there_are_and_as_cores_hold():
    models = cheap_models()
    assert jobs_that_fit(1, models) == 1
    assert 1 <= jobs_that_fit(1000, models) <= cores() == len(os.sched_getaffinity(0))


def test_as_many_films_at_once_as_memory_holds_with_the_weights_that_are_used(
    monkeypatch, tmp_path
):
    assert 0 < free_bytes() <= psutil.virtual_memory().total
    monkeypatch.setattr(ingest_jobs, "cores", lambda: 64)
    monkeypatch.setattr(ingest_jobs, "free_bytes", lambda: 12 * WORKER_BYTES)
    models = cheap_models()
    assert jobs_that_fit(1000, models) == 12
    (tmp_path / "model.safetensors").touch()
    os.truncate(tmp_path / "model.safetensors", 2 * WORKER_BYTES)  # a hole: it takes no room
    heavy = ModelSpec("heavy@1", "", source=str(tmp_path))
    assert jobs_that_fit(1000, models.replaced({"detector": heavy})) == 4
    assert jobs_that_fit(1000, models.replaced({"answerer": heavy})) == 12  # it is not loaded
    assert jobs_that_fit(1000, models.replaced({"detector": heavy, "reader": heavy})) == 4
    monkeypatch.setattr(ingest_jobs, "free_bytes", lambda: 0)
    assert jobs_that_fit(1000, models) == 1


def test_weights_are_those_of_the_models_in_the_roles_and_of_what_these_are_built_on():
    offline, tiny = load_set("offline"), load_set("shapes")
    whisper = parse_spec("transcriber", "offline")
    more = tiny.replaced({"transcriber": whisper}).weight_bytes() - tiny.weight_bytes()
    assert more == weights("whisper-base") > 0
    sees = ModelSet("sees", {"encoder": parse_spec("encoder", "offline")})
    assert sees.weight_bytes() == weights("efficientnet-lite0") + weights("minilm-l6-v2")
    assert sees.weight_bytes() < offline.weight_bytes(without=["answerer"])


def weights(name: str) -> int:
    return WEIGHTS[name].size_bytes


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """A process group of its own, as a terminal gives one to a command."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # who runs the tests in the background of a shell passes on that Ctrl-C is ignored
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            command, cwd=folder, env=environment, start_new_session=True, **pipes
        )
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def begun_ingest(
    folder: Path, code: str, films: Sequence[Path]
) -> Iterator[tuple[subprocess.Popen[bytes], Store]]:
    """A script that takes films into `cut.db` of a folder, and the store, once there are rows."""
    script = folder / "ingest.py"
    script.write_text(code)
    process = _started(
        [sys.executable, str(script), str(folder / "cut.db"), *map(str, films)], folder
    )
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    with open_store(f"sqlite:///{folder / 'cut.db'}") as store:
        until = time.monotonic() + 60
        while not any(v.committed_s for v in store.videos(ready_only=False)):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.02)
        yield process, store


INGEST = """
import sys
from tests.pipeline.test_ingest_jobs import library
from pathlib import Path
if __name__ == "__main__":
    with library(Path(sys.argv[1]), scene_s=1.0, segment_s=1.0) as here:
        print("begun", flush=True)
        here.ingest(*sys.argv[2:], jobs=2)
"""


@pytest.mark.slow
@pytest.mark.fault("F20")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "killed"])
def test_stopped_in_the_middle_nothing_is_left_running_and_the_next_one_goes_on(tmp_path, how):
    films = [film(colour, 20.0) for colour in ("blue", "green", "gray", "navy")]
    with begun_ingest(tmp_path, INGEST, films) as (process, store):
        family = psutil.Process(process.pid).children(recursive=True)
        if how == signal.SIGINT:  # a terminal sends it to all of them
            os.killpg(process.pid, how)
        else:
            process.kill()
        _, said = process.communicate(timeout=60)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == [] and len(family) >= 2
        assert said.count(b"Traceback") == (1 if how == signal.SIGINT else 0), said.decode()
        kept = sum(v.committed_s for v in store.videos(ready_only=False))
        assert 0 < kept < 80
    with library(tmp_path / "whole.db", scene_s=1.0, segment_s=1.0) as one:
        one.ingest(*films)
        right = all_rows(one.store)
    with library(tmp_path / "cut.db", scene_s=1.0, segment_s=1.0) as two:
        reports = two.ingest(*films, jobs=2)
        assert {r.status for r in reports} <= {"ready", "already"}
        assert all_rows(two.store) == right


@pytest.mark.slow
@pytest.mark.fault("F20")
def test_workers_end_at_once_also_where_an_exception_in_them_would_be_forgotten(tmp_path):
    films = [film("blue"), film("green")]
    script = tmp_path / "ingest.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "from tests.helpers.fatal_models import models_in_finalizers\n"
        "from tests.pipeline.test_ingest_jobs import library\n"
        'if __name__ == "__main__":\n'
        "    with library(Path('cut.db'), models_in_finalizers) as here:\n"
        "        here.ingest(*sys.argv[1:], jobs=2)\n"
    )
    process = _started([sys.executable, str(script), *map(str, films)], tmp_path)
    until = time.monotonic() + 60
    while len([*tmp_path.glob("*.busy")]) < 2:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    family = psutil.Process(process.pid).children(recursive=True)
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == [] and time.monotonic() - begin < 20  # a finalizer takes 30
    assert said.count(b"Traceback") == 1 and b"Exception ignored" not in said, said.decode()
    with library(tmp_path / "cut.db", models_in_finalizers) as here, here.store.read() as rows:
        held = rows.exec_driver_sql("select count(*) from videos where owner is not null").scalar()
        assert (held, len(here.store.videos(ready_only=False))) == (0, 2)


@pytest.mark.slow
def test_a_script_that_its_workers_cannot_import_is_told_what_it_lacks(tmp_path):
    script = tmp_path / "ingest.py"
    script.write_text(INGEST.replace('if __name__ == "__main__":', "if True:"))
    films = map(str, (film("blue"), film("green"), film("gray")))
    process = _started([sys.executable, str(script), "svqa.db", *films], tmp_path)
    _, said = process.communicate(timeout=60)
    last = said.decode().strip().splitlines()[-1]
    assert process.returncode == 1
    assert last.startswith("svqa.errors.UsageError: A worker process ended with exit code 1")
    assert 'if __name__ == "__main__":' in last
