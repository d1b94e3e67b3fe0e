"""A kept comparison, a metric, constraints -> the best model of it, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from svqa.database.stored_records import StoredComparison
from svqa.errors import UsageError, unknown_name
from svqa.metrics.pairwise import Ranking, ranking

Constraints = Mapping[str, float] | str | Sequence[str]
# measured with every comparison, without references; less is better
COSTS = {
    "latency": "latency_ms",
    "latency_ms": "latency_ms",
    "memory": "memory_mb",
    "memory_mb": "memory_mb",
}
_CONSTRAINT = re.compile(r"\s*(\w+)\s*(<=|>=)\s*([-+.\deE]+)\s*")


def best_model(comparison: StoredComparison, metric: str, constraints: Constraints = ()) -> Ranking:
    """The best by `metric` among the models of a comparison that keep the constraints.

    By a metric of quality it is decided from the paired differences (`svqa.metrics.pairwise`); by a
    cost (`COSTS`) the least measured one is named, of models that failed on no input.
    """
    limits = _limits(constraints)
    rows = [
        row
        for row in comparison.result["models"]
        if metric in row and all(_keeps(row, *limit) for limit in limits)
    ]
    if metric in COSTS.values():
        return _cheapest(rows, metric)
    rows.sort(key=lambda row: (row["latency_ms"] is None, row["latency_ms"]))
    means = {row["name"]: row[metric]["value"] for row in rows}
    return ranking(means, comparison.result["pairs"], prefer=[row["name"] for row in rows])


def _cheapest(rows: Sequence[Mapping[str, Any]], metric: str) -> Ranking:
    sound = [row for row in rows if not row["errors"] and row[metric] is not None]
    if not sound:
        return Ranking(None, "undecided", "No model answered every input and keeps the limits.")
    best, *others = sorted(sound, key=lambda row: row[metric])
    if not others:
        return Ranking(best["name"], "unopposed", f"{best['name']} is the only one to choose from.")
    against = ", ".join(f"{row['name']} {row[metric]:.4g}" for row in others)
    return Ranking(
        best["name"],
        "least",
        f"{best['name']} {best[metric]:.4g} against {against} "
        f"({metric}, measured once, no interval).",
    )


def _limits(constraints: Constraints) -> list[tuple[str, str, float]]:
    if isinstance(constraints, Mapping):
        return [(name, "<=", float(limit)) for name, limit in constraints.items()]
    found = []
    for text in [constraints] if isinstance(constraints, str) else constraints:
        match = _CONSTRAINT.fullmatch(text)
        if not match:
            raise UsageError(f"A constraint reads like 'latency_ms <= 200', got '{text}'.")
        found.append((match[1], match[2], float(match[3])))
    return found


def _keeps(row: Mapping[str, Any], name: str, sign: str, limit: float) -> bool:
    if name not in row:
        raise UsageError(
            unknown_name("constraint", name, [n for n in row if n not in ("name", "said")])
        )
    value = row[name]["value"] if isinstance(row[name], Mapping) else row[name]
    return value is not None and (value <= limit if sign == "<=" else value >= limit)
