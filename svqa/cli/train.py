"""`svqa train lora`, `svqa train merge`: question files -> a measured version; a version -> a model of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Database, Json, print_json, print_table, say

train_app = typer.Typer(no_args_is_help=True, help="Improve a model on your own questions; each run is a version.")
Key = Annotated[str, typer.Argument(help="name:number, name:alias, or a name for its latest version.")]


def register(app: typer.Typer) -> None:
    """Add the group `train`, and `svqa models promote`."""
    from svqa.cli.admin import models_app

    app.add_typer(train_app, name="train")
    models_app.command()(promote)


@train_app.command()
def lora(
    train: Annotated[Path, typer.Option(help="JSON or JSONL: video or image, question, answer; time_s or span.")],
    val: Annotated[Path, typer.Option(help="The same for validation; may be one file whose rows have a `split`.")],
    base: Annotated[str, typer.Option(help="A folder, a pulled hub name, or shapes/blip-vqa.")] = "shapes/blip-vqa",
    name: Annotated[str | None, typer.Option(help="Of the versions; the base's name with -lora without it.")] = None,
    parent: Annotated[str | None, typer.Option(help="A version to go on from: name:number.")] = None,
    preset: Annotated[str, typer.Option(help="Which layers; an unknown name lists them.")] = "blip-text-qv",
    rank: Annotated[int, typer.Option(help="Of the update.")] = 8,
    alpha: Annotated[int, typer.Option(help="Scale of the update: alpha / rank.")] = 32,
    full: Annotated[bool, typer.Option("--full", help="Train every weight instead.")] = False,
    epochs: Annotated[int, typer.Option(help="Times through the training questions.")] = 3,
    batch_size: Annotated[int, typer.Option(help="Questions a micro-step and device.")] = 16,
    accumulation: Annotated[int, typer.Option(help="Micro-steps a step.")] = 1,
    learning_rate: Annotated[float | None, typer.Option(help="Peak; 1e-3 for LoRA, 1e-4 for --full.")] = None,
    precision: Annotated[str, typer.Option(help="fp32, bf16, or fp16 on a GPU.")] = "fp32",
    checkpointing: Annotated[bool, typer.Option("--checkpointing", help="Less memory, more time.")] = False,
    patience: Annotated[int, typer.Option(help="Exams without a better accuracy before it ends.")] = 3,
    types: Annotated[list[str] | None, typer.Option("--type", help="Only questions of this type; repeat it.")] = None,
    seed: Annotated[int, typer.Option(help="Of order, dropout and the update's start.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; a GPU if there is one.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the versions.")] = Path("models"),
    database: Database = None,
    json: Json = False,
) -> None:
    """Fine-tune BLIP on questions about your videos, and see what it gained. Stopped? The same command goes on."""
    from svqa.training.lora import fine_tune_blip

    with _bars() as progress:
        version = fine_tune_blip(
            train, val, epochs, not full, base=base, name=name, parent=parent, types=types or (), out=out,
            database=database, device=device, progress=progress, say=say, preset=preset, rank=rank, alpha=alpha,
            batch_size=batch_size, accumulation=accumulation, learning_rate=learning_rate, precision=precision,
            checkpointing=checkpointing, patience=patience, seed=seed,
        )  # fmt: skip
    if version is not None:  # with `accelerate launch`, the first process speaks for all
        (print_json if json else _print)(outcome(version))


@train_app.command()
def merge(
    version: Key,
    out: Annotated[Path, typer.Option(help="A new folder for the model.")],
    base: Annotated[str | None, typer.Option(help="Where the base lies now, if it was moved.")] = None,
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
    result = {"version": f"{found.name}:{found.number}", "folder": str(folder), "base": found.base_id}
    print_json(result) if json else typer.echo(f"{result['version']}, merged: {folder}")


def promote(
    version: Key,
    alias: Annotated[str, typer.Option(help="The name to point at it.")] = "champion",
    questions: Annotated[str | None, typer.Option(help="Ask both now, about the test rows of this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Whatever the verdict.")] = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """Make a version the champion, if it is better than the champion now: never on an undecided comparison."""
    from svqa.database import open_store
    from svqa.settings import Settings
    from svqa.training.promote import promote as decide

    with open_store(Settings.load(database=database).database) as store:
        done = decide(store, version, alias=alias, force=force, questions=questions).to_json()
    print_json(done) if json else print_table(("what", "value"), list(done.items()))


def version_rows(database: str | None) -> list[dict]:
    """The stored versions for `svqa models list`; none where there is no database, which is not made for this."""
    return [_row(v) for v in _stored(database)]


def version_in_full(name: str, database: str | None) -> list[dict]:
    """The record of one version for `svqa models show`, without its long lists; nothing if `name` is no version's."""
    from dataclasses import asdict

    named = [v for v in _stored(database) if v.name == name.partition(":")[0]]
    which = name.partition(":")[2]
    chosen = [v for v in named if which in ("", str(v.number), *v.aliases)]
    if not named:
        return []
    if not chosen:
        from svqa.errors import UsageError, unknown_name

        raise UsageError(unknown_name("version", name, [f"{v.name}:{v.number}" for v in named]))
    v = chosen[-1]
    figures = {k: f for k, f in v.figures.items() if k not in ("per_question", "curve")}
    return [{**asdict(v), **_row(v), "created_at": str(v.created_at), "figures": figures}]


def print_versions(rows: list[dict]) -> None:
    """A table of the versions, if there are any."""
    if rows:
        cells = [
            (r["name"], ", ".join(r["aliases"]), r["base"], f"{r['trainable_share']:.2%}",
             f"{r['before']:.3f}", f"{r['after']:.3f}")
            for r in rows
        ]  # fmt: skip
        print_table(("version", "aliases", "base", "trainable", "before", "after"), cells)


def _row(v) -> dict:
    value = {when: v.figures.get(when, {}).get("accuracy", {}).get("value", 0.0) for when in ("before", "after")}
    return {
        "set": "trained", "role": "answerer", "name": f"{v.name}:{v.number}", "available": Path(v.adapter_path).is_dir(),
        "aliases": list(v.aliases), "base": v.base_id, "sha256": v.sha256,
        "trainable_share": v.figures.get("trainable_share", 1.0), **value,
    }  # fmt: skip


def _stored(database: str | None) -> list:
    from svqa.database import open_store
    from svqa.settings import Settings

    url = Settings.load(database=database).database
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return []
    with open_store(url) as store:
        return store.model_versions()


def outcome(version) -> dict:
    """What `svqa train lora --json` gives."""
    f = version.figures
    return {
        "version": f"{version.name}:{version.number}", "path": version.adapter_path, "sha256": version.sha256,
        "base": version.base_id, "trainable": f["trainable"], "trainable_share": f["trainable_share"],
        "before": f["before"], "after": f["after"], "steps": f["steps"], "best_step": f["best_step"],
        "seconds": version.seconds, "peak_memory_bytes": version.peak_memory_bytes, "warnings": f["warnings"],
    }  # fmt: skip


def _print(result: dict) -> None:
    typer.echo(f"{result['version']} in {result['path']}")
    typer.echo(f"{result['trainable']:,} trainable parameters ({result['trainable_share']:.2%}), "
               f"{result['seconds']:.0f} s, {result['peak_memory_bytes'] / 2**20:.0f} MiB")  # fmt: skip
    before, after = result["before"], result["after"]
    rows = [("all", before["accuracy"], after["accuracy"])]
    rows += [(kind, before["by_type"][kind], figure) for kind, figure in after["by_type"].items()]
    print_table(("questions", "n", "before", "after"), [(k, a["n"], _percent(b), _percent(a)) for k, b, a in rows],
                title="accuracy on validation in %, 95 % interval over videos")  # fmt: skip


def _percent(figure: dict) -> str:
    return f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """A callback (what, done, all) with one bar a kind of work, on a terminal; None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            kind = what.split(",")[0]
            if kind not in tasks:
                tasks[kind] = bars.add_task(what, total=total)
            bars.update(tasks[kind], description=what, completed=done, total=total)

        yield show
