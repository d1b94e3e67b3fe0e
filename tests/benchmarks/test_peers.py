"""Peers: declared with a script each, an environment that shares what is here, sides that talk."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.harness import work_s
from benchmarks.peers.__main__ import RESULT, run
from benchmarks.peers.declared import PEERS, Peer
from benchmarks.peers.environment import python_of
from benchmarks.peers.talk import ROOT, Side
from benchmarks.run import with_rows_of
from svqa.errors import UsageError


def test_every_peer_has_its_script_and_a_name_of_its_own():
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    assert all(find_spec(f"benchmarks.peers.scripts.{peer.job}") for peer in PEERS)


def test_every_peer_has_a_measured_row_that_says_what_is_declared():
    rows = json.loads(RESULT.read_text(encoding="utf-8"))["rows"]
    assert [(r["name"], r["what"]) for r in rows] == [(p.name, p.what) for p in PEERS]
    assert all(row["ratio"]["n"] >= 5 for row in rows)


def test_results_that_differ_are_no_row_and_the_peer_says_what_it_needs(
    tmp_path, monkeypatch, capsys
):
    script = "import sys; from benchmarks.peers.talk import serve; serve(lambda: sys.argv[1])"
    job = ROOT / "benchmarks" / "peers" / "scripts" / "differs_in_a_test.py"
    job.write_text(script)
    try:
        peer = Peer("differs", job.stem, "nothing", needs="Run: apt-get install agreement")
        monkeypatch.setattr("benchmarks.peers.__main__.PEERS", (peer,))
        out = tmp_path / "result.json"
        assert run(["differs"], pairs=3, out=out, film=tmp_path / "film.mp4") == 1
    finally:
        job.unlink()
    assert json.loads(out.read_text())["rows"] == []
    said = capsys.readouterr().err
    assert "the results differ" in said and "apt-get install agreement" in said


def test_losses_are_compared_step_by_step():
    same = {peer.name: peer.same for peer in PEERS}["trl"]
    assert same([2.5236, 0.1], [2.5237, 0.1])
    assert not same([2.5236, 0.1], [2.5237, 0.11]) and not same([2.5], [2.5, 0.1])


def test_a_peer_without_packages_runs_in_this_environment():
    assert python_of("transformers", ()) == Path(sys.executable)


def test_an_unknown_peer_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="pixeltable"):
        run(["pixeltabel"], pairs=3, out=tmp_path / "result.json")


def test_a_side_that_cannot_work_says_why(tmp_path):
    side = Side(Path(sys.executable), "cuts", "ours", tmp_path / "missing.mp4")
    with pytest.raises(RuntimeError, match=r"missing\.mp4"):
        side.run()
    side.close()


def test_the_work_of_a_loop_is_counted_and_that_of_waiting_is_not():
    begin = work_s()
    sum(range(3_000_000))
    assert work_s() - begin > 0.01


def test_rows_of_others_stay_and_come_in_the_order_they_are_declared():
    before = {"rows": [{"id": "P2.12", "old": 1}, {"id": "P1", "old": 1}, {"id": "gone"}]}
    kept = with_rows_of(before, {"pairs": 5, "rows": [{"id": "P1", "old": 0}]})
    assert kept["rows"] == [{"id": "P1", "old": 0}, {"id": "P2.12", "old": 1}]
    assert kept["pairs"] == 5
