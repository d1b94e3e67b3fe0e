"""`svqa correct`: an answer was right, or wrong, and what and when it should be."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from svqa.cli.output import Database, Json, print_json, shown


def register(app: typer.Typer) -> None:
    """Add `correct`."""
    app.command()(correct)


def correct(
    number: Annotated[
        int | None, typer.Argument(help="Of the question, as `ask --json` says; the last without.")
    ] = None,
    right: Annotated[
        bool, typer.Option("--right/--wrong", help="Whether the answer and its seconds are right.")
    ] = False,
    answer: Annotated[str, typer.Option(help="What it should be.")] = "",
    span: Annotated[
        list[str] | None,
        typer.Option("--span", help="When it is seen, as 3.5-5 or 1:02-1:04; repeat it."),
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Say whether an answer is right; kept beside it in the audit trail.

    `svqa export questions` makes a question file of what was said.
    """
    from svqa.database import open_store
    from svqa.errors import UsageError
    from svqa.settings import Settings

    spans = [_seconds(text) for text in span or ()]
    if right and answer:
        raise UsageError("A right answer needs no --answer: give --right alone, or --wrong.")
    with open_store(Settings.load(database=database).database, make=False) as store:
        if number is None:
            asked = [q for q in store.queries(100) if q.kind == "ask"]
            if not asked:
                raise UsageError("Nothing was asked yet. Run: svqa ask QUESTION --video FILE")
            number = asked[0].id
        verdict = "right" if right else "wrong"
        store.add_correction(number, verdict, answer=answer, spans=spans)
        (query,) = store.queries(1, ids=[number])
    if json:
        print_json({"question": number, "verdict": verdict, "answer": answer, "spans": spans})
        return
    typer.echo(shown(f"{number}: {query.question} {query.answer}: {verdict}"))


def _seconds(text: str) -> tuple[float, float]:
    """`1:02-1:04.5` -> (62.0, 64.5). Raises UsageError for anything else."""
    from svqa.errors import UsageError

    clock = r"(?:(\d+):)?(?:(\d+):)?(\d+(?:\.\d+)?)"
    if not (found := re.fullmatch(f"{clock}\\s*-\\s*{clock}", text.strip())):
        raise UsageError(f"--span wants seconds such as 3.5-5 or 1:02-1:04, got {text!r}.")
    parts = [float(part or 0) for part in found.groups()]
    return _in_s(parts[:3], found[2]), _in_s(parts[3:], found[5])


def _in_s(parts: list[float], second: str | None) -> float:
    first, middle, last = parts
    return 3600 * first + 60 * middle + last if second else 60 * first + last
