"""`svqa bench` and `svqa report`: how fast, and the story in one page."""
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Json, print_json, print_table, say


def register(app: typer.Typer) -> None:
    """Add the research commands."""
    for command in (report, bench):
        app.command()(command)


def report(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("reports"),
    notebooks: Annotated[Path, typer.Option(help="Folder of the numbered notebooks.")] = Path("notebooks"),
    json: Json = False,
) -> None:
    """Run every notebook and write the report: one page a notebook and an index that tells the story."""
    from svqa.reporting.notebooks import run_all

    index = run_all(notebooks, out, say=say)
    print_json({"index": str(index)}) if json else typer.echo(f"Report: {index}")


def bench(
    only: Annotated[list[str] | None, typer.Option("--only", help="Ids such as P1; repeat it.")] = None,
    pairs: Annotated[int, typer.Option(help="Interleaved A/B runs.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Write JSON to this file too.")] = None,
    json: Json = False,
) -> None:
    """Measure speed as ratios against the best known way, side by side in one run."""
    from svqa.evaluation.speed import run_benchmarks

    result = run_benchmarks(only=only, pairs=pairs, say=say)
    if out:
        import json as serialiser

        out.write_text(serialiser.dumps(result, indent=2) + "\n")
    if json:
        print_json(result)
        return
    rows = [
        (r["id"], r["what"], "{value:.3g} [{low:.3g}, {high:.3g}]".format(**r["ratio"]), r["aim"], r["same_result"])
        for r in result["rows"]
    ]
    print_table(("id", "what", "ratio", "aim", "same result"), rows)
