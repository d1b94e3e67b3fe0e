"""`svqa mcp`: the three verbs for agents, over standard input and output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Answerer, Database, Models, RoleModels, by_role


def register(app: typer.Typer) -> None:
    """Add `mcp`."""
    app.command()(mcp)


def mcp(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Films and folders that may be taken in."),
    ] = None,
    answerer: Answerer = None,
    models: Models = None,
    model: RoleModels = None,
    database: Database = None,
) -> None:
    """Serve ingest, search and ask to an agent, by the Model Context Protocol on stdin and stdout.

    Without a path nothing is taken in: only what the database holds can be asked.
    """
    from svqa.errors import UsageError
    from svqa.pipeline.library import open_library

    try:
        from svqa.server import agent_server
    except ImportError as error:
        raise ImportError(f"{error}. Run: pip install 'svqa[mcp]'") from None
    if missing := [str(path) for path in paths or () if not path.exists()]:
        raise UsageError(f"'{missing[0]}' is not there: name films or folders that are.")
    chosen = by_role(model, answerer=answerer)
    with open_library(database, models, make=bool(paths), **chosen) as library:
        agent_server(library, paths or ()).run("stdio")
