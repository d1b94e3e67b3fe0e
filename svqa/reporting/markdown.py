"""Rows of cells -> a Markdown table with its title and the file it was read from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.reporting.results import figure_text


@dataclass(frozen=True)
class Table:
    """A title, the file its numbers stand in, columns, and rows of cells.

    The file is named from the repository's root.
    """

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        heading = f"**{self.title}** ([{self.source}]({self.source}))"
        return f"{heading}\n\n{table_text(self.columns, self.rows)}"


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """-> a Markdown table.

    >>> print(table_text(("a", "b"), [("1", "x | y")]))
    | a | b |
    |---|---|
    | 1 | x \\| y |
    """
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def cell(text: object) -> str:
    """-> the text on one line, with its bars escaped."""
    return " ".join(str(text).split()).replace("|", "\\|")


def percent(figure: Mapping[str, Any] | None) -> str:
    """A fraction with its interval -> the same in per cent; empty where there is no figure.

    >>> percent({"value": 0.5532, "low": 0.532, "high": 0.574, "n": 2427})
    '55.3 [53.2, 57.4]'
    """
    if not figure:
        return ""
    in_percent = {key: 100 * figure[key] for key in ("value", "low", "high") if key in figure}
    if in_percent.get("low") == in_percent.get("high"):
        return figure_text({"value": in_percent["value"]})
    return re.sub(r"(\d)\.00\b", r"\1.0", figure_text(in_percent))


def difference(figure: Mapping[str, Any]) -> str:
    """A difference of two shares -> the same in points, with its sign.

    >>> difference({"value": 0.05, "low": -0.01, "high": 0.11, "n": 344})
    '+5.0 [-1.0, +11.0] points'
    """
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"


def count(figure: Mapping[str, Any]) -> str:
    """A share of n -> how many that are.

    >>> count({"value": 0.336957, "n": 92})
    '31'
    """
    return str(round(figure["value"] * figure["n"]))


def read_json(root: Path, name: str) -> Iterator[dict]:
    """The file's content, or nothing where it is not there."""
    path = root / name
    if path.is_file():
        yield json.loads(path.read_text(encoding="utf-8"))
