"""Films on a Ray cluster of two nodes: whatever is killed, the rows are those of one process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from benchmarks.faults.cut_wire import CutWire
from benchmarks.faults.ray_kills import PARTS, PATIENT
from benchmarks.faults.thumbnails import cheap_models
from svqa.database import open_store
from svqa.errors import LeaseLost, UsageError
from svqa.pipeline import Library
from svqa.pipeline.film_queue import FilmQueue
from svqa.pipeline.ingest import IngestReport
from svqa.settings import Settings
from tests.helpers.database import chunk, fresh_url, video_info
from tests.helpers.imports import REPOSITORY
from tests.pipeline.test_ingest_jobs import film


def test_machines_want_a_database_that_they_share(tmp_path):
    url = f"sqlite:///{tmp_path / 'svqa.db'}"
    with Library(open_store(url), cheap_models(), Settings(database=url)) as here:
        with pytest.raises(UsageError, match="--engine ray writes to PostgreSQL"):
            here.ingest("a.mp4", engine="ray")
        with pytest.raises(UsageError, match="jobs must be at least 1, got 0"):
            here.ingest("a.mp4", engine="ray", jobs=0)
        with pytest.raises(UsageError, match="Unknown engine 'rya'"):
            here.ingest("a.mp4", engine="rya")


def test_a_film_is_refused_once_after_so_many_deaths_and_let_go_without_any():
    films = FilmQueue(["a.mp4", "b.mp4", "./a.mp4"], most_deaths=2)
    assert (films.next(), films.next(), films.next()) == (0, 1, None)  # 2 is 0 by another name
    films.again(1)
    films.died(0, "by SIGKILL")
    assert (films.next(), films.next()) == (0, 1)
    films.died(0, "by SIGKILL")
    films.report(1, IngestReport("b.mp4", "ready"))
    assert films.next() == 2 and not films.done
    films.report(2, IngestReport("./a.mp4", "ready"))
    assert films.done and [r.status for r in films.in_order()] == ["failed", "ready", "ready"]
    note = films.in_order()[0].note
    assert note.startswith("IngestCrashed: The process that took 'a.mp4' in died 2 times")


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_leases_of_a_process_are_ended_by_who_knows_that_it_holds_nothing(backend, tmp_path):
    from svqa.database import this_process

    url = fresh_url(backend, tmp_path)
    with open_store(url) as store, open_store(url) as other:
        claim = store.claim_video(video_info(), {})
        other.end_leases("another/boot/namespace:1:2")
        assert other.claim_video(video_info(), {}).status == "busy"
        other.end_leases(this_process())
        assert other.claim_video(video_info(), {}).status == "new"
        with pytest.raises(LeaseLost):  # it was not dead after all
            store.commit_chunk(claim.video_id, chunk(0.0, 30.0))


def test_a_wire_passes_on_until_it_is_cut_and_after_a_while_again(monkeypatch):
    monkeypatch.setenv("SVQA_TEST_LOOPBACK", "1")
    with socket.create_server(("127.0.0.1", 0)) as far:
        wire = CutWire(far.getsockname()[1])
        try:
            host, port = wire.address.split(":")
            with socket.create_connection((host, int(port))) as near:
                there, _ = far.accept()
                near.sendall(b"to and")
                assert there.recv(6) == b"to and"
                there.sendall(b"fro")
                assert near.recv(3) == b"fro"
                assert wire.cut(1.0) == 1
                with pytest.raises(ConnectionResetError):
                    near.recv(1)
                there.close()
            refused = pytest.raises(ConnectionResetError)
            with socket.create_connection((host, int(port))) as near, refused:
                near.recv(1)
            time.sleep(1.1)
            with socket.create_connection((host, int(port))) as near:
                far.settimeout(10)
                far.accept()[0].sendall(b"again")
                assert near.recv(5) == b"again"
        finally:
            wire.close()


ON_RAY = """
import json, sys
from benchmarks.faults.ray_kills import _Cluster
from svqa.errors import DatabaseError
from svqa.pipeline import ingest_ray
from svqa.pipeline.film_queue import FilmQueue
from tests.helpers.fatal_models import models_without_numbers
from tests.pipeline.test_ingest_ray import on_ray
if __name__ == "__main__":
    url, *films = sys.argv[1:]
    crews, work = [], ingest_ray._Crew.work
    ingest_ray._Crew.work = lambda crew: (crews.append(len(crew.members)), work(crew))
    with (
        _Cluster() as cluster,
        ingest_ray._connected(cluster.address) as ray,
        on_ray(url, models_without_numbers) as here,
    ):
        room = int(ray.cluster_resources()["CPU"])
        for report in here.ingest(*films, engine="ray"):
            print(json.dumps([report.status, report.note]))
        here.ingest(*films, engine="ray", jobs=1)
        print(json.dumps([crews, room]))
        ingest_ray.PATIENCE_S = 8.0
        given = ("postgresql://nobody@127.0.0.1:1/none", here.models.replaced({}), here.settings)
        crew = ingest_ray._Crew(ray, here.store, FilmQueue(films, 3), given, 1, None)
        try:
            crew.work()
        except DatabaseError as error:
            print(json.dumps([type(error).__name__, str(error), crew.members[0].paused_s]))
"""


def on_ray(url: str, models) -> Library:
    settings = Settings(database=url, speech=False, text=False)
    return Library(open_store(url), models(), settings)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.fault("F45")
def test_a_film_that_cannot_be_stored_is_refused_and_a_lost_database_waited_for_only_so_long(
    tmp_path,
):
    script = tmp_path / "on_ray.py"
    script.write_text(ON_RAY)
    films = [str(film(colour)) for colour in ("blue", "green", "gray")]
    here = {**os.environ, **PATIENT, "SVQA_TEST_LOOPBACK": "1"}
    here["PYTHONPATH"] = os.pathsep.join([os.getcwd(), *sys.path])
    run = [sys.executable, str(script), fresh_url("postgresql", tmp_path), *films]
    done = subprocess.run(run, capture_output=True, text=True, timeout=380, env=here)
    assert done.returncode == 0, done.stderr[-2000:]
    *reports, (crews, room), (kind, text, paused_s) = map(json.loads, done.stdout.splitlines())
    assert [status for status, _ in reports] == ["failed"] * 3
    assert all(note.startswith("BadVector: ") for _, note in reports)
    assert crews == [min(room, 3), 1]
    assert kind == "DatabaseError" and "of the cluster could not reach the database" in text
    assert 0 < paused_s <= 8.0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.fault("F45")
def test_killed_parts_of_a_cluster_leave_the_rows_of_one_process(tmp_path):
    out = tmp_path / "result.json"
    short = ("--films", "4", "--runs", "1", "--kills", "2", "--out", str(out))
    run = [sys.executable, "-m", "benchmarks.faults.ray_kills", *short]
    here = {**os.environ, "SVQA_TEST_LOOPBACK": "1"}
    done = subprocess.run(run, capture_output=True, text=True, timeout=580, env=here)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(out.read_text())
    assert sum(result["killed"].values()) == 2 and result["films"] == 4
    assert (result["lost"], result["doubled"], result["refused_once"]) == (0, 0, 1)
    (row,) = result["runs"]
    assert row["rows"] > 0 and row["refused"] == ["film-red.mp4"] and row["by_name"] == 1
    # the committed run, which takes longer
    long = json.loads((REPOSITORY / "benchmarks/faults/ray_kills.json").read_text("utf-8"))
    assert (long["films"], len(long["runs"]), long["refused_once"]) == (40, 20, 20)
    assert all(sorted(kill["part"] for kill in r["killed"]) == sorted(PARTS) for r in long["runs"])
