"""Answers to questions about real films -> right, wrong or abstained, with intervals over films."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import UsageError
from svqa.json_lines import Mistake, decode, values
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.records import Answer

OUTCOMES = ("right", "wrong", "abstained")
_KEYS = ("video", "question", "type", "accept")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """-> the questions of the file. Raises UsageError with the line that is not one."""
    rows = []
    for number, row in values(decode(path.read_bytes(), path)):
        if isinstance(row, Mistake) or not isinstance(row, dict):
            why = row.text if isinstance(row, Mistake) else "is no object"
            raise UsageError(f"{path.name}:{number} {why}.")
        missing = [key for key in _KEYS if not row.get(key)]
        if missing:
            raise UsageError(f"{path.name}:{number} lacks {', '.join(missing)}.")
        rows.append(row)
    if not rows:
        raise UsageError(f"{path} holds no question.")
    return rows


def outcome_of(row: Mapping[str, Any], text: str, *, abstained: bool) -> str:
    """One answer -> `right`, `wrong` or `abstained`."""

    def found(patterns: Sequence[str]) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)

    if abstained:
        return "right" if row.get("abstain_ok") else "abstained"
    return "right" if found(row["accept"]) and not found(row.get("reject", ())) else "wrong"


def seconds_found(row: Mapping[str, Any], answer: Answer) -> bool | None:
    """Whether the first evidence has its middle in the true seconds; None where there are none."""
    if not row.get("spans") or not answer.evidence:
        return None
    middle_s = (answer.evidence[0].start_s + answer.evidence[0].end_s) / 2
    return any(start_s <= middle_s <= end_s for start_s, end_s in row["spans"])


def figures_of(outcomes: Sequence[str], films: Sequence[str], seed: int) -> dict[str, Figure]:
    """-> the share of each outcome, and `net`, with intervals over films."""
    return {
        name: bootstrap_over_groups(v, films, seed, bounds=(-1 if name == "net" else 0, 1))
        for name, v in values_of(outcomes).items()
    }


def values_of(outcomes: Sequence[str]) -> dict[str, np.ndarray]:
    """-> (N,) 1 or 0 a question by outcome, and `net`: right minus wrong."""
    is_of = {name: np.array([o == name for o in outcomes], float) for name in OUTCOMES}
    return {**is_of, "net": is_of["right"] - is_of["wrong"]}
