"""Results -> stdout, as JSON or as a table; progress -> stderr, on a terminal only."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from svqa.profiling import flat

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Models = Annotated[str | None, typer.Option("--models", help="Model set: see `svqa models list`.")]
Database = Annotated[
    str | None,
    typer.Option("--database", help="URL, for example sqlite:///svqa.db or postgresql://..."),
]
Video = Annotated[
    str | None, typer.Option("--video", help="A path or an id; all videos without it.")
]


def print_json(data: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """A table that fits the terminal; cells are text, never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def flat_rows(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A nested record -> (name joined by dots, value) rows of a table."""
    return [(n, f"{v:.4g}" if isinstance(v, float) else v) for n, v in flat(data)]


def say(text: str) -> None:
    """A line for the person, on stderr."""
    print(text, file=sys.stderr)


def clock(seconds: float) -> str:
    """-> `m:ss.s`.

    >>> clock(65.25)
    '1:05.2'
    """
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
