"""Benchmarks are found by id or group, run, and listed as they are declared."""

from __future__ import annotations

import json

import pytest

from benchmarks import readme
from benchmarks.cases import BENCHMARKS, MODULES
from benchmarks.run import names_of, run_benchmarks
from svqa.errors import UsageError
from tests.helpers.imports import REPOSITORY


def test_every_id_is_declared_once_and_a_group_is_the_start_of_its_ids():
    ids = [benchmark.id for benchmark in BENCHMARKS]
    assert len(set(ids)) == len(ids) >= 26
    assert all(b.id.startswith(f"{b.group}.") for b in BENCHMARKS if b.group)
    groups = [name for module in MODULES for name in names_of(module.BENCHMARKS)]
    assert len(set(groups)) == len(groups) and {"P2", "P10", "P10.hnsw", "P22"} <= set(groups)


def test_the_timer_is_measured_and_a_wrong_id_is_answered_with_the_known_ones():
    said: list[str] = []
    found = run_benchmarks(only=["P22"], pairs=3, say=said.append)
    (row,) = found["rows"]
    assert row["id"] == "P22" and 0 < row["ratio"]["value"] < 1000 and len(said) == 1
    with pytest.raises(UsageError, match=r"P22"):
        run_benchmarks(only=["P23"])


def test_the_committed_run_has_a_row_for_every_declared_id():
    rows = json.loads((REPOSITORY / "benchmarks/result.json").read_text(encoding="utf-8"))["rows"]
    assert [row["id"] for row in rows] == [benchmark.id for benchmark in BENCHMARKS]
    for row, benchmark in zip(rows, BENCHMARKS, strict=True):
        sign, aim = row["aim"].split()
        assert (sign, float(aim)) == (benchmark.aim_text[:2], pytest.approx(benchmark.aim))
        assert row["what"] == benchmark.what and row["ratio"]["n"] >= 1


def test_the_table_of_the_readme_is_that_of_the_code():
    stale = readme.README.read_text(encoding="utf-8") != readme.build()
    assert not stale, "run: python -m benchmarks.readme"
