"""`svqa bench`: the benchmarks of a checkout, speed or faults, from whatever folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from svqa.errors import UsageError

_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench", context_settings=_ANYTHING)(bench)


def bench(
    context: typer.Context,
    faults: Annotated[
        bool,
        typer.Option("--faults", help="Damaged films and killed ingests instead of speed."),
    ] = False,
) -> None:
    """Measure speed, or what is survived, from a checkout; more options go to the benchmark.

    Raises UsageError where the package is installed without its checkout.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise UsageError(
            "Benchmarks are not installed with the package. Clone the repository and run there: "
            "make install"
        )
    paths = filter(None, (str(root), os.environ.get("PYTHONPATH")))
    module = "benchmarks.faults" if faults else "benchmarks"
    done = subprocess.run(
        [sys.executable, "-m", module, *context.args],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    raise typer.Exit(done.returncode)
