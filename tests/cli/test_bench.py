"""`svqa bench` hands its options to the benchmarks of the checkout, from whatever folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app, bench
from svqa.errors import UsageError


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    known = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "svqa", "bench", *arguments]
    return subprocess.run(
        command, cwd=folder, env=known, capture_output=True, text=True, timeout=280
    )


def test_an_unknown_option_is_refused_by_the_benchmark(tmp_path):
    done = run(tmp_path, "--faults", "--loud")
    assert done.returncode == 2 and "--loud" in done.stderr


def test_without_a_checkout_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "svqa" / "cli" / "bench.py"))
    done = CliRunner().invoke(app, ["bench", "--faults"])
    assert isinstance(done.exception, UsageError) and "Clone the repository" in str(done.exception)


@pytest.mark.slow
@pytest.mark.fault("F11")
@pytest.mark.fault("F20")
def test_the_long_form_in_short_goes_on_where_it_stopped(tmp_path):
    first = ("--faults", "--mutants", "3", "--kills", "1", "--work", "w", "--out", "r.json")
    done = run(tmp_path, *first)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "r.json").read_text())
    mutants, kills = result["mutants"], result["kills"]
    assert mutants["n"] == mutants["status"].get("failed", 0) + sum(
        mutants["status"].get(name, 0) for name in ("ready", "partial")
    )
    assert (mutants["n"], mutants["crashes"], mutants["untyped_errors"]) == (3, 0, 0)
    assert (mutants["orphans"], mutants["healthy_after"]) == (0, 1)
    assert kills["kills"] == kills["ingests"] == 1
    assert not any(kills[name] for name in ("not_equal", "not_a_prefix", "redone", "damaged"))
    before = (tmp_path / "w" / "mutants-1.jsonl").read_text()
    more = run(tmp_path, *first[:2], "4", *first[3:], "--json")
    assert json.loads(more.stdout)["mutants"]["n"] == 4
    assert (tmp_path / "w" / "mutants-1.jsonl").read_text().startswith(before)
