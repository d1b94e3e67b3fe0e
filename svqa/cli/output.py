"""Results -> stdout, as JSON or as a table; progress -> stderr, on a terminal only."""
from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Models = Annotated[str | None, typer.Option("--models", help="Model set: see `svqa models list`.")]
Database = Annotated[str | None, typer.Option("--database", help="URL, for example sqlite:///svqa.db or postgresql://...")]
Video = Annotated[str | None, typer.Option("--video", help="A path or an id; all videos without it.")]


def print_json(data: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """A table that fits the terminal; cells are text, never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def say(text: str) -> None:
    """A line for the person, on stderr."""
    print(text, file=sys.stderr)


def clock(seconds: float) -> str:
    """-> `m:ss.s`.

    >>> clock(65.25)
    '1:05.2'
    """
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


@contextmanager
def ingest_progress() -> Iterator[Any]:
    """A progress callback with a bar a file on a terminal; None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from pathlib import Path

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(path: str, done_s: float, total_s: float) -> None:
            if path not in tasks:
                tasks[path] = bars.add_task(Path(path).name.replace("[", "\\["), total=total_s)
            bars.update(tasks[path], completed=min(done_s, total_s))

        yield show
