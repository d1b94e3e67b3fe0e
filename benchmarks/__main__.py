"""`python -m benchmarks`: speed as ratios against the best known way, side by side in one run."""

from __future__ import annotations

import json as serialiser
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.run import run_benchmarks, with_rows_of
from svqa.cli.output import Json, print_json, print_table, say


def bench(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Ids such as P1; repeat it.")
    ] = None,
    pairs: Annotated[int, typer.Option(help="Interleaved A/B runs.")] = 7,
    out: Annotated[
        Path | None, typer.Option(help="Write JSON here too, beside other rows.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure speed as ratios against the best known way, side by side in one run."""
    result = run_benchmarks(only=only, pairs=pairs, say=say)
    if out:
        kept = with_rows_of(serialiser.loads(out.read_text()), result) if out.exists() else result
        out.write_text(serialiser.dumps(kept, indent=2) + "\n")
    if json:
        print_json(result)
        return
    rows = [
        (
            r["id"],
            r["what"],
            "{value:.3g} [{low:.3g}, {high:.3g}]".format(**r["ratio"]),
            r["aim"],
            r["same_result"],
        )
        for r in result["rows"]
    ]
    print_table(("id", "what", "ratio", "aim", "same result"), rows)


if __name__ == "__main__":
    typer.run(bench)
