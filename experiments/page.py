"""Results -> tables of Markdown between the markers of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def fill(text: str, blocks: Mapping[str, str]) -> str:
    """-> the page with each block between `<!-- NAME -->` and `<!-- /NAME -->`."""
    for name, block in blocks.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        text = text[: text.index(begin) + len(begin)] + block + text[text.index(end) :]
    return text


def fill_page(page: Path, blocks: Mapping[str, str]) -> None:
    """`fill` on a file."""
    page.write_text(fill(page.read_text(encoding="utf-8"), blocks), encoding="utf-8")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def cell(metric: Mapping[str, Any]) -> str:
    """A value with its interval.

    >>> cell({"value": 0.5, "low": 0.25, "high": 0.75})
    '0.50 [0.25, 0.75]'
    """
    return f"{metric['value']:.2f} [{metric['low']:.2f}, {metric['high']:.2f}]"
