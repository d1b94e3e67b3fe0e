"""`svqa export`: what a library knows about a film -> a page, or files that other programs read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Database, Json, Models, print_json, say

export_app = typer.Typer(no_args_is_help=True, help="Take it with you: pages and files.")

Film = Annotated[str, typer.Argument(metavar="FILM", help="A path, a file's name or an id.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]


def register(app: typer.Typer) -> None:
    """Add the group `export`."""
    app.add_typer(export_app, name="export")


@export_app.command("page")
def page(
    film: Film,
    out: Out,
    question: Annotated[
        list[str] | None, typer.Option("--question", help="Ask this first; repeat it.")
    ] = None,
    embed: Annotated[bool, typer.Option("--embed", help="Put the film into the page.")] = False,
    models: Models = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """One page that plays the film and shows what was asked about it; it fetches nothing.

    The film is copied beside the page.
    """
    from svqa.pipeline.library import open_library
    from svqa.viewer.page import export_page

    with open_library(database, models, make=Path(film).is_file()) as library:
        for text in question or ():
            library.ask(text, video=film)
        written = export_page(library, library.find(film), out, embed=embed)
    print_json({"page": str(written)}) if json else typer.echo(f"Page: {written}")


@export_app.command("questions")
def questions(
    out: Out,
    video: Annotated[
        list[str] | None, typer.Option("--video", help="Only about this film; repeat it.")
    ] = None,
    split: Annotated[
        bool, typer.Option("--split/--no-split", help="Put each film into train, val or test.")
    ] = True,
    database: Database = None,
    json: Json = False,
) -> None:
    """Corrected questions as a question file, which `eval`, `train` and `promote` read."""
    from svqa.database import open_store
    from svqa.settings import Settings
    from svqa.viewer.question_rows import write_question_file

    with open_store(Settings.load(database=database).database, make=False) as store:
        chosen = [store.find_video(name).id for name in video or ()]
        found = write_question_file(store, out, videos=chosen, split=split)
    splits = Counter(row.get("split", "any split") for row in found.rows)
    if json:
        print_json({"file": str(out), "questions": len(found.rows), "splits": dict(splits)})
    else:
        told = ", ".join(f"{n} for {name}" for name, n in sorted(splits.items()))
        typer.echo(f"Questions: {out}: {len(found.rows)} ({told})")
    if found.without_answer:
        say(f"{found.without_answer} left out: nobody said what the answer should be")
    if found.without_film:
        say(f"{found.without_film} left out: their film is no longer in the library")
