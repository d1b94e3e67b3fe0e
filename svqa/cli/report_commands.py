"""`svqa report`: the story in one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Json, print_json, say


def register(app: typer.Typer) -> None:
    """Add `report`."""
    app.command()(report)


def report(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("reports"),
    notebooks: Annotated[Path, typer.Option(help="Folder of the numbered notebooks.")] = Path(
        "notebooks"
    ),
    json: Json = False,
) -> None:
    """Run every notebook and write the report.

    One page a notebook and an index that tells the story.
    """
    from svqa.reporting.report import run_all

    index = run_all(notebooks, out, say=say)
    print_json({"index": str(index)}) if json else typer.echo(f"Report: {index}")
