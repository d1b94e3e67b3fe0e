"""What the measurements of large indexes and of Ray's overhead make of their figures."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.hnsw_halfvec import KINDS, drawn_out
from benchmarks.ray_overhead import ratios
from svqa.reporting.scale_tables import halfvec_table, ray_overhead_table
from tests.helpers.imports import REPOSITORY


def size(rows: int) -> dict:
    costs = {"vector": 2.0, "halfvec": 1.0}
    return {"rows": rows} | {
        of: {"index_mb": cost * rows / 1000, "build_cpu_s": cost * rows * math.log(rows) / 1e5}
        for of, cost in costs.items()
    }


def test_a_larger_index_is_drawn_out_from_the_two_largest_that_were_built():
    odd = {**size(10_000), "vector": {"index_mb": 1e9, "build_cpu_s": 1e9}}
    found = drawn_out([size(300_000), odd, size(100_000)], rows=10_000_000)
    assert found["vector"]["index_mb"] == 20_000 and found["halfvec"]["index_mb"] == 10_000
    seconds = 1e7 * math.log(1e7) / 1e5
    assert found["halfvec"]["build_cpu_s"] == pytest.approx(seconds, rel=1e-3)


def test_ratios_are_of_pairs():
    pairs = [
        {way: dict.fromkeys(("seconds", "films_s"), time) for way, time in pair.items()}
        for pair in ({"ray": 3.0, "local": 1.0}, {"ray": 2.0, "local": 2.0}, {"ray": 2, "local": 1})
    ]
    assert ratios(pairs)["films_s"] == {"value": 2.0, "low": 1.0, "high": 3.0, "n": 3}


def test_the_committed_runs_are_what_the_guide_prints():
    guide = (REPOSITORY / "docs/scale.md").read_text(encoding="utf-8")
    assert halfvec_table(REPOSITORY) in guide and ray_overhead_table(REPOSITORY) in guide
    run = json.loads((REPOSITORY / "benchmarks/hnsw_halfvec.json").read_text(encoding="utf-8"))
    for one in run["sizes"]:
        halves, whole = (one[of] for of in reversed(KINDS))
        assert halves["index_mb"] < 0.55 * whole["index_mb"]
        assert all(row["recall"]["n"] == 200 for of in KINDS for row in one[of]["recall"])
    assert "10,000,000 vectors would be an index of" in halfvec_table(REPOSITORY)
