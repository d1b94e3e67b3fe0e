"""Ids of benchmarks -> their rows: suites are set up, measured and cleaned up in turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.cases import MODULES
from benchmarks.harness import Case, measure, row_of
from svqa.errors import UsageError, unknown_name
from svqa.profiling.provenance import package_versions, this_machine

# what is measured against
PACKAGES = (
    "torch",
    "numpy",
    "av",
    "decord",
    "opencv-python",
    "sqlalchemy",
    "transformers",
    "ctranslate2",
)


def names_of(benchmarks: Sequence) -> list[str]:
    """-> what `--only` may ask for: the ids, where several belong together their group."""
    return list(dict.fromkeys(benchmark.asked_for for benchmark in benchmarks))


def run_benchmarks(
    *, only: Sequence[str] | None = None, pairs: int = 7, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Measure and -> `{"hardware", "versions", "pairs", "rows", "skipped"}`.

    `only`: ids such as `P1`; raises UsageError on others. A suite whose tools are not installed is
    listed under `skipped` with the reason. `say` is called with a line a row.
    """
    known = [name for module in MODULES for name in names_of(module.BENCHMARKS)]
    for name in only or ():
        if name not in known:
            raise UsageError(unknown_name("benchmark", name, known))
    rows, skipped = [], []
    for module in MODULES:
        wanted = [name for name in names_of(module.BENCHMARKS) if not only or name in only]
        if not wanted:
            continue
        try:
            with module.suite(wanted) as cases:
                for case in cases:
                    row = measure(case, pairs=pairs) if isinstance(case, Case) else row_of(case)
                    row["load_average"] = os.getloadavg()[0]
                    value = f"{row['ratio']['value']:.3g} (aim {row['aim']})"
                    say(f"{row['id']:<5} {row['what']} / {row['against']}: {value}")
                    rows.append(row)
        except ImportError as error:
            skipped.append({"ids": wanted, "reason": str(error)})
            say(f"{', '.join(wanted)}: skipped, {error}")
    return {
        "hardware": this_machine(),
        "versions": package_versions(PACKAGES),
        "pairs": pairs,
        "rows": rows,
        "skipped": skipped,
    }


def with_rows_of(before: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """-> `result`, and of a run before it the rows that are declared and not measured anew."""
    rows = {row["id"]: row for row in (*before["rows"], *result["rows"])}
    declared = [benchmark.id for module in MODULES for benchmark in module.BENCHMARKS]
    return {**result, "rows": [rows[name] for name in declared if name in rows]}
