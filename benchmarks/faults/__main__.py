"""`python -m benchmarks.faults`: damaged films and killed ingests, many of them."""

from __future__ import annotations

import json as serialiser
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from benchmarks.faults.run import run_faults
from svqa.cli.output import Json, print_json, print_table, say
from svqa.cli.progress import progress_bars


def faults(
    mutants: Annotated[int, typer.Option(min=0, help="Damaged films to take in.")] = 1500,
    kills: Annotated[int, typer.Option(min=0, help="Ingests to kill and resume.")] = 100,
    seed: Annotated[int, typer.Option(help="Which damage, which moments.")] = 1,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin nothing new after so long.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder of what was done; the next run goes on there.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write JSON to this file too.")] = None,
    json: Json = False,
) -> None:
    """Take in damaged films and kill ingests; count what came of it. Resumable."""
    folder = work or platformdirs.user_cache_path("svqa") / "faults"
    with progress_bars() as progress:
        result = run_faults(
            folder, mutants=mutants, kills=kills, seed=seed, minutes=minutes, progress=progress
        )
    if out:
        out.write_text(serialiser.dumps(result, indent=2) + "\n", encoding="utf-8")
    if json:
        print_json(result)
        return
    rows = [
        (part, name, value)
        for part in ("mutants", "kills")
        for name, value in result[part].items()
        if isinstance(value, int | float)
    ]
    print_table(("of", "what", "value"), rows)
    say(f"What was done is kept in {folder}.")


if __name__ == "__main__":
    typer.run(faults)
