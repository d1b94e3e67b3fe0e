"""Measured peers and searches of large libraries -> the tables of docs/results and docs/scale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from svqa.reporting.markdown import table_text

PEERS = "benchmarks/peers/result.json"
LIBRARY_SEARCH = "benchmarks/library_search.json"


def peers_table(root: Path) -> str:
    """-> a line a peer: its time and ours for the same work, and who was faster."""
    run = _read(root / PEERS)
    if run is None:
        return "No run is committed."
    rows = [
        (
            row["name"],
            row["what"],
            _ratio(row["ratio"]),
            f"{row['ratio']['n']}",
            f"{row['ours_s']:.3g}",
            f"{row['theirs_s']:.3g}",
            _faster(row["ratio"], row["name"]),
        )
        for row in run["rows"]
    ]
    columns = ("peer", "work", "our time / its time", "pairs", "ours, s", "its, s", "faster")
    return f"{_machine(run)}\n\n{table_text(columns, rows)}"


def library_search_table(root: Path) -> str:
    """-> what a search takes with the kept indexes and exactly, and what building them took."""
    run = _read(root / LIBRARY_SEARCH)
    if run is None:
        return "No run is committed."
    columns = ("search", "first, ms", "next ones, ms", "memory it keeps, MB")
    rows = [
        (
            name,
            f"{row['first_ms']:,.0f}",
            _ms(row["next_ms"]),
            f"{row['kept_mb']:,.0f}",
        )
        for name, row in run["rows"].items()
    ]
    built = ", ".join(
        f"{name.removesuffix('_s').replace('_', ' ')} {seconds:,.0f} s"
        for name, seconds in run["built"].items()
    )
    same = run["same"]
    head = (
        f"`python -m benchmarks.library_search --films {run['films']}`: {run['films']:,} films, "
        f"{run['segments']:,} segments, two vectors of {run['dim']} each. {_machine(run)} Of the "
        f"{run['found']} moments that the exact search finds, the indexes find "
        f"{100 * same['value']:.0f} [{100 * same['low']:.0f}, {100 * same['high']:.0f}] % "
        f"(n = {same['n']} queries). Built in: {built}."
    )
    return f"{head}\n\n{table_text(columns, rows)}"


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _ratio(ratio: dict[str, float]) -> str:
    return f"{ratio['value']:.3g} [{ratio['low']:.3g}, {ratio['high']:.3g}]"


def _ms(of: dict[str, float]) -> str:
    return f"{of['value']:,.0f} [{of['low']:,.0f}, {of['high']:,.0f}]"


def _faster(ratio: dict[str, float], name: str) -> str:
    if ratio["high"] < 1:
        return "svqa"
    return f"**{name}**" if ratio["low"] > 1 else "not decided"


def _machine(run: dict[str, Any]) -> str:
    machine = run["hardware"]
    threads = machine.get("omp_num_threads") or "all"
    return f"On {machine['cores']} cores, {threads} thread(s) a process."
