"""The command line: data on stdout, logs and progress on stderr, exit 0 ok, 1 failed, 2 usage."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from svqa.cli import (
    compare,
    database,
    doctor,
    evaluate,
    library_commands,
    models,
    moved,
    report_commands,
    shapes,
    train,
)
from svqa.cli.output import say, write_safely
from svqa.errors import SvqaError

app = typer.Typer(
    name="svqa",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ask a video a question and see the seconds the answer rests on.",
)
library_commands.register(app)
report_commands.register(app)
evaluate.register(app)
compare.register(app)
shapes.register(app)
train.register(app)
models.register(app)
database.register(app)
doctor.register(app)
moved.register(app, shapes.shapes_app)


def _version(wanted: bool) -> None:
    if wanted:
        from svqa import __version__

        typer.echo(f"svqa {__version__}")
        raise typer.Exit()


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an `SvqaError` becomes its text on stderr and its exit code."""
    write_safely()
    try:
        app()
    except SvqaError as error:
        say(f"svqa: {type(error).__name__}: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print(
            "svqa: stopped; what was committed is kept, the same command goes on from there",
            file=sys.stderr,
        )
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
