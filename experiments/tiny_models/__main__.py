"""`python -m experiments.tiny_models NAME`: the four tiny models of the shapes world, trained anew."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Json, print_json, print_table
from svqa.cli.progress import progress_bars
from svqa.errors import UsageError, unknown_name

TRAINERS = {
    "captioner": ("experiments.tiny_models.train_blip", "train_captioner", "blip-captioner"),
    "vqa": ("experiments.tiny_models.train_blip", "train_vqa", "blip-vqa"),
    "clip": ("experiments.tiny_models.train_clip", "train", "clip"),
    "yolo": ("experiments.tiny_models.train_yolo", "train", "yolo"),
}


def train(
    model: Annotated[str, typer.Argument(help="captioner, vqa, clip or yolo.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; checkpoints/NAME without it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of data and weights.")] = 0,
    json: Json = False,
) -> None:
    """Train a tiny model in the world, from nothing, in well under an hour: weights, curve,
    figures, model card.
    """
    if model not in TRAINERS:
        raise UsageError(unknown_name("shapes model", model, TRAINERS))
    module, function, name = TRAINERS[model]
    folder = out or Path("checkpoints") / name
    with progress_bars() as show:
        metrics = getattr(import_module(module), function)(folder, seed, progress=show)
    if json:
        print_json({"folder": str(folder), **metrics})
        return
    typer.echo(f"{name} in {folder}")
    rows = [
        (k, f"{f['value']:.3f} [{f['low']:.3f}, {f['high']:.3f}]", f["n"])
        for k, f in metrics["figures"].items()
    ]
    print_table(("figure", "value, 95 % interval", "n"), rows)


if __name__ == "__main__":
    typer.run(train)
