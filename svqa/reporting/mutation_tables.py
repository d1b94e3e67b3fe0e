"""What `python -m tests.mutation` found -> the tables of docs/reliability.md."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from scipy import stats

from svqa.reporting.markdown import cell, table_text

RESULT, KINDS = "tests/mutation/result.json", "tests/mutation/survivors.toml"
UNSEEN = "not looked at yet"


def mutation_tables(root: Path) -> str:
    """-> a line a folder with its exact binomial interval, and the survivors by kind."""
    path = root / RESULT
    if not path.exists():
        return "No run is committed."
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        (
            f"`svqa/{folder}`",
            f"{of['places']:,}",
            str(of["sampled"]),
            str(of["killed_at_first"]),
            _share(of["killed_at_first"], of["sampled"]),
            str(of["killed"]),
        )
        for folder, of in run["folders"].items()
    ]
    head = f"`{run['command']}`, {run['made_on']}; the interval is the exact binomial one."
    columns = ("folder", "places", "of them changed", "caught at first", "[95 %]", "caught now")
    return f"{head}\n\n{table_text(columns, rows)}\n\n{_survivors(root, run)}"


def _share(killed: int, n: int) -> str:
    low, high = stats.binomtest(killed, n).proportion_ci(method="exact")
    return f"{100 * killed / n:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def _survivors(root: Path, run: dict[str, Any]) -> str:
    told = tomllib.loads((root / KINDS).read_text(encoding="utf-8"))
    kind_of = {key: name for name, kind in told.items() for key in kind["mutants"]}
    left = [s for of in run["folders"].values() for s in of["survivors"]]
    kinds = Counter(kind_of.get(f"{s['path']} | {s['after']}", UNSEEN) for s in left)
    first = {kind_of.get(f"{s['path']} | {s['after']}", UNSEEN): s for s in reversed(left)}
    rows = [
        (told[k]["what"] if k in told else k, str(n), f"`{cell(first[k]['after'])}`")
        for k, n in kinds.most_common()
    ]
    return table_text(("what survived", "n", "for example"), rows)
