"""`svqa train lora`, `svqa train merge`: question files -> a measured version.

A version -> a model of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from svqa.cli.output import Database, Json, print_json, print_table, say
from svqa.cli.progress import progress_bars
from svqa.cli.versions import Key, outcome

train_app = typer.Typer(
    no_args_is_help=True, help="Improve a model on your own questions; each run is a version."
)


def register(app: typer.Typer) -> None:
    """Add the group `train`."""
    app.add_typer(train_app, name="train")


@train_app.command()
def lora(
    train: Annotated[
        Path,
        typer.Option(
            help="JSON or JSONL: video or image, question, answer; time_s, span; evidence."
        ),
    ],
    val: Annotated[
        Path,
        typer.Option(help="The same for validation; may be one file whose rows have a `split`."),
    ],
    base: Annotated[
        str, typer.Option(help="shapes/blip-vqa, smollm2, a folder, or a pulled hub name.")
    ] = "shapes/blip-vqa",
    name: Annotated[
        str | None, typer.Option(help="Of the versions; the base's name with -lora without it.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option(help="A version to go on from: name:number.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Which layers; without it query and value. An unknown name lists them."),
    ] = None,
    rank: Annotated[int, typer.Option(help="Of the update.")] = 8,
    alpha: Annotated[int, typer.Option(help="Scale of the update: alpha / rank.")] = 32,
    full: Annotated[bool, typer.Option("--full", help="Train every weight instead.")] = False,
    freeze_vision: Annotated[
        bool, typer.Option("--freeze-vision", help="With --full: all weights but those of vision.")
    ] = False,
    frames: Annotated[
        int,
        typer.Option(
            help="A BLIP sees so many frames of a span as a sequence; 0: as its base does."
        ),
    ] = 0,
    epochs: Annotated[int, typer.Option(help="Times through the training questions.")] = 3,
    batch_size: Annotated[
        int, typer.Option(help="Questions a micro-step; several processes share them.")
    ] = 16,
    accumulation: Annotated[int, typer.Option(help="Micro-steps a step.")] = 1,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak; 1e-3 for LoRA, 1e-4 for --full.")
    ] = None,
    precision: Annotated[str, typer.Option(help="fp32, bf16, or fp16 on a GPU.")] = "fp32",
    checkpointing: Annotated[
        bool, typer.Option("--checkpointing", help="Less memory, more time.")
    ] = False,
    patience: Annotated[
        int, typer.Option(help="Exams without a better accuracy before it ends.")
    ] = 3,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only questions of this type; repeat it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of order, dropout and the update's start.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; a GPU if there is one.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the versions.")] = Path("models"),
    database: Database = None,
    json: Json = False,
) -> None:
    """Fine-tune a model on questions about your videos, and see what it gained.

    A BLIP looks at frames; a chat model (`--base smollm2`) reads lines, and one with eyes sees
    frames, too: a row's `evidence`, or what a search finds of a video that was ingested into the
    database. Stopped? The same command goes on.
    """
    from svqa.training.lora import fine_tune

    chosen: dict[str, Any] = {} if preset is None else {"preset": preset}
    with progress_bars() as progress:
        version = fine_tune(
            train,
            val,
            epochs,
            not full,
            base=base,
            name=name,
            parent=parent,
            types=types or (),
            out=out,
            database=database,
            device=device,
            progress=progress,
            say=say,
            rank=rank,
            alpha=alpha,
            freeze_vision=freeze_vision,
            frames=frames,
            batch_size=batch_size,
            accumulation=accumulation,
            learning_rate=learning_rate,
            precision=precision,
            checkpointing=checkpointing,
            patience=patience,
            seed=seed,
            **chosen,
        )
    if version is not None:  # with `accelerate launch`, the first process speaks for all
        (print_json if json else _print)(outcome(version))


@train_app.command()
def merge(
    version: Key,
    out: Annotated[Path, typer.Option(help="A new folder for the model.")],
    base: Annotated[
        str | None, typer.Option(help="Where the base lies now, if it was moved.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Write a version as a model of its own, which needs neither base nor adapter."""
    from svqa.database import open_store
    from svqa.settings import Settings
    from svqa.training.versions import merge_version

    with open_store(Settings.load(database=database).database) as store:
        found = store.model_version(version)
    folder = merge_version(found, out, base=base)
    result = {
        "version": f"{found.name}:{found.number}",
        "folder": str(folder),
        "base": found.base_id,
    }
    print_json(result) if json else typer.echo(f"{result['version']}, merged: {folder}")


def _print(result: dict) -> None:
    typer.echo(f"{result['version']} in {result['path']}")
    typer.echo(
        f"{result['trainable']:,} trainable parameters ({result['trainable_share']:.2%}), "
        f"{result['seconds']:.0f} s, {result['peak_memory_bytes'] / 2**20:.0f} MiB"
    )
    before, after = result["before"], result["after"]
    rows = [("all", before["accuracy"], after["accuracy"])]
    rows += [(k, before["by_type"][k], a) for k, a in after["by_type"].items() if k != "all"]
    print_table(
        ("questions", "n", "before", "after"),
        [(k, a["n"], _percent(b), _percent(a)) for k, b, a in rows],
        title="accuracy on validation in %, 95 % interval over videos",
    )


def _percent(figure: dict) -> str:
    return f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"
