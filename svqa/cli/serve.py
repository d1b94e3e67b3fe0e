"""`svqa serve`: the library as a page of this machine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Database, Models, say


def register(app: typer.Typer) -> None:
    """Add `serve`."""
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine only if you say so.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8765,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Another name of this machine; repeat it.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="SVQA_TOKEN", help="Opens the server; a new one without.")
    ] = None,
    uploads: Annotated[
        Path | None, typer.Option(help="Folder for films that are sent; beside the database.")
    ] = None,
    answerer: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="Answers beside the set's own, as for ask; repeat it."),
    ] = None,
    models: Models = None,
    database: Database = None,
) -> None:
    """Show the library in a browser: search, ask, correct, add films. Stop it with Ctrl-C.

    The address that it prints holds the token; who has it sees every film.
    """
    from svqa.errors import UsageError
    from svqa.pipeline.library import open_library

    try:
        import uvicorn

        from svqa.server import Door, create_app
    except ImportError as error:
        raise ImportError(f"{error}. Run: pip install 'svqa[serve]'") from None
    import socket

    try:
        listening = socket.create_server((host, port), family=_family(host), backlog=256)
    except OSError as error:
        raise UsageError(f"cannot listen at {host}, port {port}: {error.strerror}.") from None
    port = listening.getsockname()[1]
    with listening, ExitStack() as opened:
        library = opened.enter_context(open_library(database, models))
        libraries = {library.settings.models: library}
        for spec in answerer or ():
            other = open_library(database, models, answerer=spec)
            libraries[spec] = opened.enter_context(other)
        door = Door.of(host, port, names=name or (), token=token)
        folder = uploads or Path("svqa-films")
        app = create_app(libraries, door, uploads=folder)
        where = host if host not in ("0.0.0.0", "::") else (name or ["127.0.0.1"])[0]
        say(f"Open http://{where}:{port}/?token={door.token}")
        if host not in ("127.0.0.1", "localhost", "::1"):
            say("It listens beyond this machine, unencrypted: who reads along sees the token.")
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


def _family(host: str) -> int:
    import socket

    return socket.AF_INET6 if ":" in host else socket.AF_INET
