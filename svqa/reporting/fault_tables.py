"""Faults, and the tests that say which of them they show -> the tables of docs/reliability.md."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from svqa.errors import UsageError
from svqa.reporting.markdown import cell, table_text

FAULTS = "tests/faults/faults.toml"
LONG_FORM = "benchmarks/faults/result.json"
RAY_KILLS = "benchmarks/faults/ray_kills.json"


def faults_table(root: Path) -> str:
    """-> one line a fault: what it is, what svqa does, the tests that show it.

    Raises UsageError for a fault without a test that does not say why, and for a test that names an
    unknown one.
    """
    shown, path = dict(shown_faults(root)), root / FAULTS
    faults = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    unknown = sorted(shown.keys() - faults.keys())
    bare = [name for name, row in faults.items() if not shown.get(name) and "not_shown" not in row]
    if unknown or bare:
        raise UsageError(
            f"{FAULTS} and the tests disagree: no test shows {bare}, tests name unknown {unknown}."
        )
    rows = []
    for name, row in faults.items():
        tests = [f"[{test}]({path})" for path, test in shown.get(name, [])]
        tests += [f"not shown: {row['not_shown']}"] if "not_shown" in row else []
        rows.append((name, cell(row["fault"]), cell(row["does"]), "<br>".join(tests)))
    return table_text(("id", "fault", "what svqa does", "shown by"), rows)


def shown_faults(root: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield (fault, [(path of the file, what the test says)]), read without importing a test."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for test in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            for name in _marked(test):
                words = test.name.removeprefix("test_").removeprefix(f"{name.lower()}_")
                where = path.relative_to(root).as_posix()
                found.setdefault(name, []).append((where, words.replace("_", " ")))
    yield from found.items()


def _marked(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            yield from (ast.literal_eval(argument) for argument in mark.args)


def long_form_table(root: Path) -> str:
    """-> what the last committed run of the long form found, with its command, date and machine."""
    path = root / LONG_FORM
    if not path.exists():
        return "No run of the long form is committed."
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    mutants, kills = run["mutants"], run["kills"]
    status = mutants["status"]
    kinds = f"{len(mutants['films'])} films, {len(mutants['damages'])} kinds of damage"
    rows = [
        (f"damaged films ({kinds})", mutants["n"]),
        ("of them refused with a typed error", status.get("failed", 0)),
        ("taken in as `partial`, with a note", status.get("partial", 0)),
        ("taken in as `ready`", status.get("ready", 0)),
        ("crashes of the process that asked", mutants["crashes"]),
        ("errors without a type", mutants["untyped_errors"]),
        ("processes still there 5 s after a film or a kill", mutants["orphans"] + kills["orphans"]),
        ("problems of a database afterwards", mutants["database_problems"] + kills["damaged"]),
        (
            f"whole films read as ever after {mutants['batches']} batches of damaged ones",
            mutants["healthy_after"],
        ),
        ("seconds of the slowest", mutants["slowest_s"]),
        ("MiB by which the process grew at most", mutants["grown_mib"]),
        (
            f"of {mutants['pictures']:,} pictures kept, those the film never had, unsaid",
            mutants["pictures_unsaid"],
        ),
        ("films taken in with fewer pictures and not a word", mutants["fewer_and_unsaid"]),
        (f"kills, in {kills['ingests']} ingests", kills["kills"]),
        ("ingests whose rows differ from those of one never killed", kills["not_equal"]),
        ("kills that left a row which that one has not", kills["not_a_prefix"]),
        ("committed chunks that were lost", kills["redone"]),
    ]
    machine = run["hardware"]
    where = ", ".join(f"{name} {machine[name]}" for name in sorted(machine))
    head = f"`{run['command']}`, {run['made_on']}, on {where}."
    return f"{head}\n\n{table_text(('counted', 'n'), rows)}"


def ray_kills_table(root: Path) -> str:
    """-> what the last committed run of killed clusters found, with its command, date, machine."""
    path = root / RAY_KILLS
    if not path.exists():
        return "No run is committed."
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    not_come = [row["not_come"] for row in run["runs"]]
    rows = [
        ("films, each into the database of every run", run["films"]),
        ("runs", len(run["runs"])),
        *((f"kills of: {part}", run["killed"][part]) for part in sorted(run["killed"])),
        ("kills that did not come, because the run had ended", sum(map(len, not_come))),
        ("runs that refused the red film once, by its name, and no other", run["refused_once"]),
        ("rows of one process, which every run has to have", run["runs"][0]["rows"]),
        ("rows that were lost", run["lost"]),
        ("rows that should not be there", run["doubled"]),
        ("seconds of a run, median", f"{median(row['seconds'] for row in run['runs']):.1f}"),
        ("seconds of the slowest run", run["slowest_s"]),
    ]
    machine = run["hardware"]
    where = ", ".join(f"{name} {machine[name]}" for name in sorted(machine))
    head = f"`{run['command']}`, {run['made_on']}, Ray {run['versions']['ray']}, on {where}."
    return f"{head}\n\n{table_text(('counted', 'n'), rows)}"
