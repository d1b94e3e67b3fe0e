"""The command line: data on stdout, logs and progress on stderr, exit 0 ok, 1 failed, 2 usage."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from svqa.cli import (
    ask,
    bench,
    compare,
    correct,
    database,
    doctor,
    evaluate,
    export,
    export_cuts,
    export_files,
    library_commands,
    mcp,
    models,
    moved,
    predictions,
    report_commands,
    serve,
    shapes,
    train,
    videos,
)
from svqa.cli.output import say, stand_in_for_closed_streams, write_safely
from svqa.errors import SvqaError

app = typer.Typer(
    name="svqa",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ask a video a question and see the seconds the answer rests on.",
)
library_commands.register(app)
ask.register(app)
videos.register(app)
correct.register(app)
export.register(app)
export_files.register(app)
export_cuts.register()
serve.register(app)
mcp.register(app)
report_commands.register(app)
evaluate.register(app)
predictions.register()
compare.register(app)
shapes.register(app)
train.register(app)
models.register(app)
database.register(app)
doctor.register(app)
moved.register(shapes.shapes_app)
bench.register(app)


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
    lost = stand_in_for_closed_streams()
    write_safely()
    code = _run()
    if why := _not_printed(lost):
        say(f"svqa: what was found could not be printed: {why}")
        code = code or 1
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SvqaError as error:
        say(f"svqa: {type(error).__name__}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("svqa: stopped; what was committed is kept, the same command goes on from there")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (OSError, MemoryError, ImportError) as error:  # of the machine: files, room, libraries
        say(f"svqa: {type(error).__name__}: {error or 'out of memory'}. What was committed is kept")
        return 1
    return 0


def _not_printed(lost: bool) -> str:
    """Whether stdout took everything: "", or why it did not; nothing is left to fail at exit."""
    if lost:
        return "standard output is closed"
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            return ""
        with open(os.devnull, "w") as nowhere:  # what is still in the buffer
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return str(error)
    return ""
