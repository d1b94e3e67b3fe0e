"""Measured peers and searches of large libraries -> the tables of docs/results and docs/scale."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from svqa.database import MOST_MEMORY
from svqa.reporting.markdown import table_text

PEERS = "benchmarks/peers/result.json"
LIBRARY_SEARCH = "benchmarks/library_search.json"
HALFVEC = "benchmarks/hnsw_halfvec.json"
RAY_OVERHEAD = "benchmarks/ray_overhead.json"
OVERHEAD = ("until_first_s", "films_s", "after_last_s", "seconds")
KINDS = ("vector", "halfvec")
MOST_OVERHEAD = 1.1  # the aim
SHOWN_EF = 400  # what a search asks of an index where nobody says otherwise


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


def halfvec_table(root: Path) -> str:
    """-> an HNSW index of halves beside one of whole numbers, and both drawn out to ten million."""
    run = _read(root / HALFVEC)
    if run is None:
        return "No run is committed."
    columns = (
        "vectors",
        "index of",
        "index, MB",
        "built in, core s",
        "memory of the build, MB",
        "of the exact 10, % found",
        "of the exact 100, % found",
        "10 nearest, ms",
        "exact, ms",
    )
    rows: list[tuple[str, ...]] = []
    for size in run["sizes"]:
        for of in KINDS:
            kind = size[of]
            found = {
                row["k"]: row["recall"] for row in kind["recall"] if row["ef_search"] == SHOWN_EF
            }
            rows.append(
                (
                    f"{size['rows']:,}",
                    f"`{of}`",
                    f"{kind['index_mb']:,.0f}",
                    f"{kind['build_cpu_s']:,.0f}",
                    f"{kind['build_memory_mb']:,.0f}",
                    *(_percent(found[k]) for k in (10, 100)),
                    _ms(kind["query_ms_k10"][str(SHOWN_EF)]),
                    _ms(kind["query_ms_k10"]["exact"]),
                )
            )
    head = (
        f"`{run['command']}`: vectors of {run['dim']} numbers, m {run['m']}, ef_construction "
        f"{run['ef_construction']}, ef_search {SHOWN_EF}, PostgreSQL "
        f"{run['versions']['postgresql']}. {_machine(run)}"
    )
    parts = [head, table_text(columns, rows)]
    if far := run.get("drawn_out"):
        ways = (
            f"an index of {far[of]['index_mb'] / 1000:,.0f} GB, built in "
            f"{far[of]['build_cpu_s'] / 60:,.0f} minutes of a core, with `{of}`"
            for of in KINDS
        )
        room = " or ".join(f"{_rows_in_memory(run, of) / 1e6:.1f} million `{of}`" for of in KINDS)
        parts.append(
            f"Drawn out from the two largest, not measured: {far['rows']:,} vectors would be "
            f"{' and '.join(ways)}. These minutes are a floor: svqa gives a build at most "
            f"{MOST_MEMORY >> 30} GiB, which hold about {room}, and beyond pgvector goes on on the "
            f"disk. The machine that measured has {run['hardware']['memory_gib']:.0f} GiB."
        )
    return "\n\n".join(parts)


def _rows_in_memory(run: dict[str, Any], of: str) -> float:
    """-> how many vectors a build holds in the most memory that it is given, along a line."""
    near, far = run["sizes"][-2:]
    grown_mb = far[of]["build_memory_mb"] - near[of]["build_memory_mb"]
    a_row = grown_mb * 1e6 / (far["rows"] - near["rows"])
    return far["rows"] + (MOST_MEMORY - 1e6 * far[of]["build_memory_mb"]) / a_row


def ray_overhead_table(root: Path) -> str:
    """-> what the same films take by Ray and by `--jobs`, in all and without starting."""
    run = _read(root / RAY_OVERHEAD)
    if run is None:
        return "No run is committed."
    columns = (
        "models",
        "films",
        "pairs",
        "way",
        "until the first film, s",
        "from the first to the last, s",
        "after the last, s",
        "in all, s",
    )
    rows, said = [], []
    for models, row in run["rows"].items():
        for way, engine in (("`--jobs 2`", "local"), ("Ray", "ray")):
            parts = [
                f"{median(pair[engine][part] for pair in row['pairs']):.1f}" for part in OVERHEAD
            ]
            rows.append((models, f"{row['films']}", f"{len(row['pairs'])}", way, *parts))
        films, whole = row["ratio"]["films_s"], row["ratio"]["seconds"]
        said.append(
            f"with the models `{models}` Ray takes {_ratio(films)} times as long from the first "
            f"film to the last, and {_ratio(whole)} times as long in all (n = {films['n']} pairs); "
            f"the aim of at most {MOST_OVERHEAD} is {_met(films)} by the first, {_met(whole)} by "
            "the second"
        )
    loads = [pair["load"] for row in run["rows"].values() for pair in row["pairs"]]
    head = (
        f"`python -m benchmarks.ray_overhead`: {'; '.join(said)}. {_machine(run)} The load of the "
        f"machine was {min(loads)} to {max(loads)}. Medians of the pairs:"
    )
    return f"{head}\n\n{table_text(columns, rows)}"


def _met(ratio: dict[str, float]) -> str:
    if ratio["high"] <= MOST_OVERHEAD:
        return "met"
    return "missed" if ratio["low"] > MOST_OVERHEAD else "neither met nor missed"


def _percent(of: dict[str, float]) -> str:
    return f"{100 * of['value']:.1f} [{100 * of['low']:.1f}, {100 * of['high']:.1f}]"


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
