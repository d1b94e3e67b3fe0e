"""`svqa shapes make`: the small world as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Json, print_json, print_table
from svqa.cli.progress import progress_bars

shapes_app = typer.Typer(
    no_args_is_help=True, help="A small world whose every answer is known: make it, learn in it."
)


def register(app: typer.Typer) -> None:
    """Add the group `shapes` to the command line."""
    app.add_typer(shapes_app, name="shapes")


@shapes_app.command()
def make(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    n: Annotated[int, typer.Option(help="Videos.")] = 200,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same videos and questions.")
    ] = 0,
    json: Json = False,
) -> None:
    """Write videos with sound, exact captions, boxes and questions.

    A VideoFolder with a card and a questions file.
    """
    from svqa.shapes.dataset import make_dataset

    with progress_bars() as show:
        made = make_dataset(n, seed, out, progress=show)
    if json:
        print_json(
            {
                "folder": str(made.folder),
                "videos": made.videos,
                "questions": made.questions,
                "baselines": made.baselines,
            }
        )
        return
    typer.echo(f"{made.videos} videos and {made.questions} questions in {made.folder}")
    names = ("chance", "majority", "blind")
    rows = [
        (kind, int(of["n"]), *(f"{of[name]:.2f}" for name in names))
        for kind, of in made.baselines.items()
    ]
    print_table(
        ("type", "n", *names), rows, title="baselines: the share that is right without looking"
    )
