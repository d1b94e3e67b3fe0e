"""Films on a Ray cluster of two nodes: whatever is killed, the rows are those of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from benchmarks.faults.thumbnails import cheap_models
from svqa.database import open_store
from svqa.errors import LeaseLost, UsageError
from svqa.pipeline import Library
from svqa.pipeline.film_queue import FilmQueue
from svqa.pipeline.ingest import IngestReport
from svqa.settings import Settings
from tests.helpers.database import chunk, fresh_url, video_info


def test_machines_want_a_database_that_they_share(tmp_path):
    url = f"sqlite:///{tmp_path / 'svqa.db'}"
    with Library(open_store(url), cheap_models(), Settings(database=url)) as here:
        with pytest.raises(UsageError, match="--engine ray writes to PostgreSQL"):
            here.ingest("a.mp4", engine="ray")
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
    assert (result["lost"], result["doubled"]) == (0, 0)
