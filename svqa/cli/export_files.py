"""`svqa export vtt`, `srt`, `csv`, `parquet`, `coco`, `label-studio`, `fiftyone`; `svqa import`."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.export import Film, Out, export_app
from svqa.cli.output import Database, open_existing, say

if TYPE_CHECKING:
    pass

Source = Annotated[Path, typer.Argument(metavar="FILE", help="What to read.")]
Lane = Annotated[str, typer.Option(help="speech, text, captions or chapters.")]
Of = Annotated[str | None, typer.Option("--video", help="Only this film.")]
Table = Annotated[
    str,
    typer.Argument(help="videos, questions, shots, segments, captions, speech, text or boxes."),
]

import_app = typer.Typer(no_args_is_help=True, help="Question files from other programs' files.")


def register(app: typer.Typer) -> None:
    """Add the formats to `export`, and the group `import`."""
    app.add_typer(import_app, name="import")


def _written(out: Path, what: str) -> None:
    typer.echo(f"{what}: {out}")


@export_app.command("vtt")
def vtt(film: Film, out: Out, lane: Lane = "speech", database: Database = None) -> None:
    """Speech, text in the picture, captions or chapters as WebVTT."""
    _subtitles(film, out, lane, "vtt", database)


@export_app.command("srt")
def srt(film: Film, out: Out, lane: Lane = "speech", database: Database = None) -> None:
    """The same as SubRip."""
    _subtitles(film, out, lane, "srt", database)


def _subtitles(film: str, out: Path, lane: str, kind: str, database: str | None) -> None:
    from svqa.exchange import subtitles

    with open_existing(database) as store:
        out.write_text(subtitles(store, store.find_video(film).id, lane, kind), encoding="utf-8")
    _written(out, "Subtitles")


@export_app.command("csv")
def csv(table: Table, out: Out, video: Of = None, database: Database = None) -> None:
    """A table as CSV: of one film, or of all."""
    _table(table, out, video, database).to_csv(out, index=False)
    _written(out, "Table")


@export_app.command("parquet")
def parquet(table: Table, out: Out, video: Of = None, database: Database = None) -> None:
    """A table as Parquet."""
    _table(table, out, video, database).to_parquet(out, index=False)
    _written(out, "Table")


def _table(name: str, out: Path, video: str | None, database: str | None) -> Any:
    from svqa.exchange import table

    with open_existing(database) as store:
        return table(store, name, store.find_video(video).id if video else None)


@export_app.command("coco")
def coco(out: Out, video: Of = None, database: Database = None) -> None:
    """Boxes in COCO's format."""
    from svqa.exchange import coco_boxes

    with open_existing(database) as store:
        films = [store.find_video(video)] if video else store.videos()
        found = coco_boxes(store, films)
    out.write_text(jsons.dumps(found), encoding="utf-8")
    _written(out, f"{len(found['annotations'])} boxes")


@export_app.command("label-studio")
def label_studio(out: Out, video: Of = None, database: Database = None) -> None:
    """Spans and boxes as tasks of Label Studio, to be checked there."""
    from svqa.exchange import label_studio_task

    with open_existing(database) as store:
        films = [store.find_video(video)] if video else store.videos()
        tasks = [label_studio_task(store, film) for film in films]
    out.write_text(jsons.dumps(tasks, ensure_ascii=False), encoding="utf-8")
    _written(out, f"{len(tasks)} tasks")


@export_app.command("fiftyone")
def fiftyone(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    video: Of = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    database: Database = None,
) -> None:
    """Captions, speech, text and cited seconds as temporal detections of FiftyOne."""
    from svqa.exchange import write_fiftyone

    with open_existing(database) as store:
        films = [store.find_video(video)] if video else store.videos()
        count = write_fiftyone(store, films, out, overwrite=overwrite)
    _written(out, f"{count} detections")


@import_app.command("label-studio")
def from_label_studio(source: Source, out: Out) -> None:
    """Answers that people gave in Label Studio, as a question file."""
    from svqa.exchange import questions_of_label_studio

    _question_file(questions_of_label_studio(source), out)


@import_app.command("csv")
def from_csv(source: Source, out: Out) -> None:
    """A table of questions, as a question file."""
    from svqa.exchange import questions_of_csv

    _question_file(questions_of_csv(source), out)


@import_app.command("dataset")
def from_dataset(source: Source, out: Out) -> None:
    """A data set that Hugging Face's `datasets` saved to disk, as a question file."""
    from svqa.exchange import questions_of_dataset

    _question_file(questions_of_dataset(source), out)


@import_app.command("benchmark")
def from_benchmark(
    name: Annotated[
        str,
        typer.Argument(
            help="charades-sta, activitynet-captions, egoschema, video-mme, mvbench, longvideobench"
        ),
    ],
    source: Source,
    out: Out,
    videos: Annotated[
        Path | None, typer.Option(help="Folder of its videos, put before their names.")
    ] = None,
) -> None:
    """A known benchmark's own annotation file, as a question file."""
    from svqa.exchange import questions_of_benchmark

    _question_file(questions_of_benchmark(name, source, videos=videos), out)


def _question_file(rows: list[dict[str, Any]], out: Path) -> None:
    """Write rows, and let the reader of question files say what is wrong with them."""
    from svqa.questions import open_question_file

    out.write_text("".join(jsons.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    read = open_question_file(out)
    for mistake in read.mistakes[:10]:
        say(f"row {mistake.line}: {mistake.text}")
    if read.mistakes:
        raise typer.Exit(1)
    _written(out, f"{len(read.rows)} questions")
