"""Results -> stdout, as JSON or as a table; progress -> stderr, on a terminal only."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.profiling import flat

if TYPE_CHECKING:
    from svqa.database import Store

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Models = Annotated[str | None, typer.Option("--models", help="Model set: see `svqa models list`.")]
Answerer = Annotated[
    str | None,
    typer.Option(
        "--answerer",
        metavar="SPEC",
        help="Who answers: smollm2, a folder, org/name, a version (mine:1), or "
        "http://host:port/v1#model.",
    ),
]
RoleModels = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="ROLE=SPEC",
        help="Another model for a role of the set, as captioner=hub.captioner; repeat it.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option("--database", help="URL, for example sqlite:///svqa.db or postgresql://..."),
]
Video = Annotated[
    str | None, typer.Option("--video", help="A path or an id; all videos without it.")
]


def open_existing(database: str | None) -> Store:
    """-> the store of a database that is there; none is made. Raises what `open_store` does."""
    from svqa.database import open_store
    from svqa.settings import Settings

    return open_store(Settings.load(database=database).database, make=False)


def by_role(models: Sequence[str] | None, **named: str | None) -> dict[str, Any]:
    """`--model captioner=SPEC` and `--answerer SPEC` -> settings. Raises UsageError.

    >>> by_role(["captioner=hub"], answerer=None)
    {'answerer': None, 'captioner': 'hub'}
    """
    from svqa.errors import UsageError, unknown_name
    from svqa.settings import ROLES

    chosen = dict(named)
    for text in models or ():
        role, _, spec = text.partition("=")
        if role not in ROLES:
            raise UsageError(f"--model wants ROLE=SPEC. {unknown_name('role', role, ROLES)}")
        if not spec:
            raise UsageError(f"--model wants ROLE=SPEC, got '{text}' without a model.")
        if had := chosen.get(role):
            raise UsageError(f"The {role} was given twice, '{had}' and '{spec}': give one.")
        chosen[role] = spec
    return chosen


# control characters, marks that turn the direction of writing, halves of characters: a terminal
# would act on the first two, and cannot show the last
_UNSAFE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def shown(text: object, *, lines: bool = False) -> str:
    """-> text that a terminal only shows; names and captions are other people's words.

    `lines`: newlines stay.

    >>> shown("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    kept = "\n" if lines else ""
    return _UNSAFE.sub(lambda m: m[0] if m[0] in kept else ascii(m[0])[1:-1], str(text))


def print_json(data: Any, *, indent: int | None = 2) -> None:
    """One JSON document on stdout, in ASCII where stdout cannot hold all of it."""
    text = json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=indent, allow_nan=False)
    unsafe = (
        (c, f"\\u{ord(c):04x}") for c in set(_UNSAFE.findall(text)) if c != "\n"
    )  # JSON escapes what is below the space itself
    for character, escaped in unsafe:
        text = text.replace(character, escaped)
    sys.stdout.write(text + "\n")


def json_line(data: Any) -> None:
    """One line of JSON Lines on stdout, at once."""
    print_json(data, indent=None)
    sys.stdout.flush()


def stand_in_for_closed_streams() -> bool:
    """Open `/dev/null` where stdin, stdout or stderr is closed; -> whether stdout was.

    Otherwise the next file that is opened, the database say, would stand where a library prints.
    """
    lost = sys.stdout is None
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    return lost


def write_safely() -> None:
    """Let stdout and stderr write what they cannot encode as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """A table that fits the terminal; cells are text, never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(shown(cell, lines=True)) for cell in row))
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def flat_rows(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A nested record -> (name joined by dots, value) rows of a table."""
    return [(n, f"{v:.4g}" if isinstance(v, float) else v) for n, v in flat(data)]


def say(text: str) -> None:
    """A line for the person, on stderr."""
    print(shown(text, lines=True), file=sys.stderr)


def clock(seconds: float) -> str:
    """-> `m:ss.s`.

    >>> clock(65.25)
    '1:05.2'
    """
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
