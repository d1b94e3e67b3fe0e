"""`svqa shapes make`, `svqa shapes train`: the small world as files, and the tiny models learnt in it."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Json, print_json, print_table
from svqa.errors import UsageError, unknown_name

shapes_app = typer.Typer(no_args_is_help=True, help="A small world whose every answer is known: make it, learn in it.")
TRAINERS = {
    "captioner": ("svqa.shapes.train_blip", "train_captioner", "blip-captioner"),
    "vqa": ("svqa.shapes.train_blip", "train_vqa", "blip-vqa"),
    "clip": ("svqa.shapes.train_clip", "train", "clip"),
    "yolo": ("svqa.shapes.train_yolo", "train", "yolo"),
}


def register(app: typer.Typer) -> None:
    """Add the group `shapes` to the command line."""
    app.add_typer(shapes_app, name="shapes")


@shapes_app.command()
def make(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    n: Annotated[int, typer.Option(help="Videos.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same videos and questions.")] = 0,
    json: Json = False,
) -> None:
    """Write videos with sound, exact captions, boxes and questions: a VideoFolder with a card and a questions file."""
    from svqa.shapes.dataset import make_dataset

    with _bar("making videos") as show:
        made = make_dataset(n, seed, out, progress=show)
    if json:
        print_json({"folder": str(made.folder), "videos": made.videos, "questions": made.questions, "floors": made.floors})
        return
    typer.echo(f"{made.videos} videos and {made.questions} questions in {made.folder}")
    names = ("chance", "majority", "blind")
    rows = [(kind, int(of["n"]), *(f"{of[name]:.2f}" for name in names)) for kind, of in made.floors.items()]
    print_table(("type", "n", *names), rows, title="floors: the share that is right without looking")


@shapes_app.command()
def train(
    model: Annotated[str, typer.Argument(help="captioner, vqa, clip or yolo.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to; checkpoints/NAME without it.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of data and weights.")] = 0,
    json: Json = False,
) -> None:
    """Train a tiny model in the world, from nothing, in well under an hour: weights, curve, figures, model card."""
    from importlib import import_module

    if model not in TRAINERS:
        raise UsageError(unknown_name("shapes model", model, TRAINERS))
    module, function, name = TRAINERS[model]
    folder = out or Path("checkpoints") / name
    with _bar(f"training {name}") as show:
        metrics = getattr(import_module(module), function)(folder, seed, progress=show)
    if json:
        print_json({"folder": str(folder), **metrics})
        return
    typer.echo(f"{name} in {folder}")
    rows = [(k, f"{f['value']:.3f} [{f['low']:.3f}, {f['high']:.3f}]", f["n"]) for k, f in metrics["figures"].items()]
    print_table(("figure", "value, 95 % interval", "n"), rows)


@contextmanager
def _bar(text: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress callback (done, all) with a bar on a terminal; None elsewhere."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
