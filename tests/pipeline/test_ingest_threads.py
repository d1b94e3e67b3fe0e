"""Several films at once in threads that share models: the rows of one film after another."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

import numpy as np
import psutil
import pytest
from sqlalchemy import text

from benchmarks.faults.stored_rows import all_rows
from benchmarks.faults.thumbnails import Thumbnails, cheap_models
from svqa.errors import ModelError
from svqa.models import load_set
from svqa.pipeline import frame_batches
from svqa.pipeline.ingest_jobs import FILM_BYTES, MOST_THREADS, WORKER_BYTES, jobs_that_fit
from svqa.shapes import make_dataset
from tests.pipeline.test_ingest_jobs import begun_ingest, film, ingest_jobs, left_running, library

SHORT = {"scene_s": 1.0, "segment_s": 1.0}  # two chunks each, so that commits interleave


def film_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("svqa-")]


def held(store) -> int:
    with store.read() as rows:
        return rows.execute(text("select count(*) from videos where owner is not null")).scalar()


def vectors(rows) -> dict:
    """-> {all that names a vector: its numbers}."""
    found = {}
    for row in rows["embeddings"]:
        values = dict(row)
        numbers = np.frombuffer(values.pop("vector"), np.float16)
        found[tuple(sorted(values.items()))] = numbers.astype(np.float32)
    return found


@pytest.mark.slow
def test_the_shapes_set_sees_pictures_of_several_films_at_once_and_says_the_same(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(frame_batches, "WAIT_S", 2.0)  # so that films surely meet
    films = sorted(make_dataset(4, 5, tmp_path / "films").folder.rglob("*.mp4"))
    with library(tmp_path / "one.db", lambda: load_set("shapes")) as one:
        first = one.ingest(*films)
        right, alone = all_rows(one.store), vectors(all_rows(one.store))
    seen = Counter()
    with library(tmp_path / "two.db", lambda: load_set("shapes")) as two:
        encoder, captioner, detector = (
            getattr(two.models, role) for role in ("encoder", "captioner", "detector")
        )
        for model, name in ((encoder, "encode_frames"), (captioner, "captions")):
            watch(monkeypatch, model, name, seen)
        watch(monkeypatch, detector, "detect", seen)
        second = two.ingest(*films, jobs=4, share_models=True)
        rows = all_rows(two.store)
        assert two.models.encoder is encoder, "the library's own, loaded once"
    assert [(r.path, r.status, r.frames) for r in second] == [
        (r.path, r.status, r.frames) for r in first
    ]
    assert seen["captions"] < 4 and seen["encode_frames"] < 4 and seen["detect"] < 4
    for table in ("videos", "ingest_chunks", "frames", "segments", "metrics"):
        assert rows[table] == right[table]
    for table in ("captions", "detections"):
        assert rounded(rows[table]) == rounded(right[table])
        assert rows[table]
    together = vectors(rows)
    assert together.keys() == alone.keys()
    for key, numbers in alone.items():
        np.testing.assert_allclose(together[key], numbers, atol=1e-3)


def watch(monkeypatch, model, name: str, seen: Counter) -> None:
    real = getattr(model, name)

    def watched(given):
        seen[name] += 1
        return real(given)

    monkeypatch.setattr(model, name, watched)


def rounded(rows: Counter) -> Counter:
    """Scores and corners of boxes to two digits: batches differ in the last ones."""
    return Counter(
        tuple((n, round(v, 2) if isinstance(v, float) else v) for n, v in row) for row in rows
    )


@pytest.mark.slow
@pytest.mark.fault("F23")
def test_films_of_threads_leave_the_rows_of_one_after_another(tmp_path):
    missing = tmp_path / "missing.mp4"
    films = [film("blue"), film("green", 3.0), missing, film("gray"), film("blue"), film("navy")]
    with library(tmp_path / "one.db", **SHORT) as one:
        first = one.ingest(*films)
        right = all_rows(one.store)
    seen, who = [], set()

    def tell(*step):
        seen.append(step)
        who.add(threading.current_thread())

    with library(tmp_path / "two.db", **SHORT) as two:
        second = two.ingest(*films, jobs=3, share_models=True, progress=tell)
        assert all_rows(two.store) == right and held(two.store) == 0
    same = [(r.path, r.status, r.video, r.frames, r.segments, r.note) for r in first]
    assert [(r.path, r.status, r.video, r.frames, r.segments, r.note) for r in second] == same
    assert [r.status for r in second] == ["ready", "ready", "failed", "ready", "already", "ready"]
    assert {path for path, *_ in seen} == {str(f) for f in films if f != missing}
    assert who == {threading.main_thread()}, "a caller's progress need not be made for threads"
    assert film_threads() == [] and left_running() == []


class NotRed(Thumbnails):
    """Cannot look at red."""

    def encode_frames(self, pixels):
        if (pixels[..., 0] > pixels[..., 1].astype(int) + 100).mean(axis=(1, 2)).max() > 0.5:
            raise RuntimeError("a red picture")
        return super().encode_frames(pixels)


@pytest.mark.slow
def test_a_film_that_a_model_cannot_take_is_refused_by_name_and_the_others_are_taken_in(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(frame_batches, "WAIT_S", 1.0)  # red is in a batch with others
    films = [film("blue"), film("red"), film("green"), film("gray")]
    with library(tmp_path / "svqa.db") as here:
        here.models = cheap_models().given("encoder", NotRed())
        for role in ("captioner", "sounds"):
            here.models._made[role] = cheap_models()._member(role)
        reports = here.ingest(*films, jobs=4, share_models=True)
        assert [r.status for r in reports] == ["ready", "failed", "ready", "ready"]
        assert reports[1].path == str(films[1]) and reports[1].note == "RuntimeError: a red picture"
        assert len(here.videos()) == 3 and held(here.store) == 0
    assert film_threads() == []


@pytest.mark.slow
def test_a_request_that_is_wrong_for_every_film_stops_the_threads(tmp_path):
    with library(tmp_path / "svqa.db") as here:
        here.models._specs.pop("encoder")
        with pytest.raises(ModelError, match="no encoder"):
            here.ingest(film("blue"), film("green"), jobs=2, share_models=True)
        assert film_threads() == [] and held(here.store) == 0
    assert left_running() == []


def test_as_many_films_share_models_as_cores_and_memory_hold(monkeypatch):
    models = cheap_models()
    monkeypatch.setattr(ingest_jobs, "cores", lambda: 64)
    for free, films in ((0, 1), (WORKER_BYTES, 1), (WORKER_BYTES + 3 * FILM_BYTES, 4)):
        monkeypatch.setattr(ingest_jobs, "free_bytes", lambda free=free: free)
        assert jobs_that_fit(1000, models, share_models=True) == films
    monkeypatch.setattr(ingest_jobs, "free_bytes", lambda: 10**12)
    assert jobs_that_fit(1000, models, share_models=True) == MOST_THREADS
    assert jobs_that_fit(3, models, share_models=True) == 3
    monkeypatch.setattr(ingest_jobs, "cores", lambda: 2)
    assert jobs_that_fit(1000, models, share_models=True) == 2


def test_models_are_shared_where_they_are_on_a_gpu_or_where_it_is_asked_for(tmp_path, monkeypatch):
    ways = []
    for way in ("ingest_in_threads", "ingest_in_processes"):
        monkeypatch.setattr(ingest_jobs, way, lambda *a, way=way, **k: ways.append(way) or [])
    films = film("blue"), film("green")
    with library(tmp_path / "svqa.db") as here:
        here.ingest(*films, jobs=2)
        here.ingest(*films, jobs=2, share_models=True)
        here.models.device = "cuda"
        here.ingest(*films, jobs=2)
        here.ingest(*films, jobs=2, share_models=False)
    threads, processes = "ingest_in_threads", "ingest_in_processes"
    assert ways == [processes, threads, threads, processes]


INGEST = """
import sys
from tests.pipeline.test_ingest_jobs import library
from pathlib import Path
with library(Path(sys.argv[1]), scene_s=1.0, segment_s=1.0) as here:
    print("begun", flush=True)
    here.ingest(*sys.argv[2:], jobs=2, share_models=True)
"""


@pytest.mark.slow
@pytest.mark.fault("F20")
def test_interrupted_in_the_middle_threads_and_leases_end_and_the_next_one_goes_on(tmp_path):
    films = [film(colour, 20.0) for colour in ("blue", "green", "gray", "navy")]
    with begun_ingest(tmp_path, INGEST, films) as (process, store):
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == [] and said.count(b"Traceback") == 1, said.decode()
        assert said.rstrip().endswith(b"KeyboardInterrupt") and held(store) == 0
        left = store.videos(ready_only=False)
        assert {v.status for v in left} == {"ingesting"}, "they end at once, not with their films"
        assert any(v.committed_s for v in left)
    with library(tmp_path / "whole.db", **SHORT) as one:
        one.ingest(*films)
        right = all_rows(one.store)
    with library(tmp_path / "cut.db", **SHORT) as two:
        reports = two.ingest(*films, jobs=2, share_models=True)
        assert {r.status for r in reports} <= {"ready", "already"}
        assert all_rows(two.store) == right
