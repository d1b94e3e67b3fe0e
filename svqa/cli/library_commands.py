"""`svqa ingest`, `svqa search`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import (
    Database,
    Json,
    Models,
    RoleModels,
    Video,
    by_role,
    clock,
    print_json,
    print_table,
    say,
)
from svqa.cli.progress import progress_bars

if TYPE_CHECKING:
    from svqa.pipeline.library import Library
    from svqa.records import Waveform


def register(app: typer.Typer) -> None:
    """Add the two verbs to the command line."""
    for command in (ingest, search):
        app.command()(command)


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Video files or folders.")],
    models: Models = None,
    model: RoleModels = None,
    every: Annotated[float | None, typer.Option(help="Seconds between sampled frames.")] = None,
    shots: Annotated[
        str | None, typer.Option(help="Shot detector: adaptive, content, transnet or none.")
    ] = None,
    decoder: Annotated[str | None, typer.Option(help="pyav or decord.")] = None,
    text: Annotated[
        bool | None, typer.Option("--text/--no-text", help="Read text in the picture.")
    ] = None,
    analysis_px: Annotated[
        int | None, typer.Option(help="Long side of the frames that models look at.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Films at once; as many as cores and memory allow without it."),
    ] = None,
    share_models: Annotated[
        bool | None,
        typer.Option(
            "--share-models/--no-share-models",
            help="Films at once share one copy of the models, in batches; so on a GPU without it.",
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="local: this machine's processes. ray: the machines of a cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Of the Ray cluster: auto or host:port; started here without it."),
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Take videos in: captions, boxes, transcript, text and vectors, into the database.

    Done before: nothing to do.
    """
    from svqa.pipeline.library import open_library
    from svqa.pipeline.video_files import find_videos, said_of_passed_over

    chosen: dict[str, Any] = {
        "every_s": every,
        "shots": shots,
        "decoder": decoder,
        "text": text,
        "analysis_px": analysis_px,
        **by_role(model),
    }
    with (
        open_library(database, models, **chosen) as library,
        progress_bars() as show,
    ):
        found = find_videos(paths)
        try:
            how: dict[str, Any] = {"jobs": jobs, "share_models": share_models}
            reports = library.ingest(
                *found.files, progress=show, engine=engine, address=address, **how
            )
        except KeyboardInterrupt:
            say(_kept(library, found.files))
            raise
    if json:
        print_json(
            [{**asdict(r), "real_time_factor": round(r.real_time_factor, 3)} for r in reports]
        )
    else:
        rows = [
            (
                r.video,
                r.path,
                r.frames,
                r.segments,
                f"{r.seconds:.1f}",
                f"{r.real_time_factor:.1f}x",
                r.status,
            )
            for r in reports
        ]
        print_table(("id", "path", "frames", "segments", "seconds", "real time", "status"), rows)
    if passed_over := said_of_passed_over(found):
        say(passed_over)
    for report in reports:
        if report.note:
            say(f"{report.path}: {report.status}: {report.note}")
    if any(r.status == "failed" for r in reports):
        raise typer.Exit(1)


def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    video: Video = None,
    level: Annotated[str, typer.Option(help="frame, segment or scene.")] = "segment",
    k: Annotated[int, typer.Option("-k", help="How many results.")] = 5,
    sound: Annotated[
        str | None, typer.Option(help="What is heard then: a file with an example of it.")
    ] = None,
    models: Models = None,
    model: RoleModels = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Find the moments that fit a description.

    In pictures and in words, and what is heard, by an example.
    """
    from svqa.pipeline.library import open_library

    example = _example(sound)
    with open_library(database, models, make=False, **by_role(model)) as library:
        found = library.search(text, video=video, level=level, k=k, sound=example)
    if json:
        names = ("video", "path", "start_s", "end_s", "score", "kind", "text")
        print_json([{name: getattr(hit, name) for name in names} for hit in found])
        return
    rows = [
        (h.path, f"{clock(h.start_s)}-{clock(h.end_s)}", f"{h.score:.4f}", h.kind, h.text)
        for h in found
    ]
    print_table(("path", "seconds", "score", "found in", "text"), rows)


def _example(sound: str | None) -> Waveform | str | None:
    """What `--sound` was given: a file's sound, or words. Raises UsageError for a missing file."""
    from svqa.errors import UsageError
    from svqa.media import refuse_url

    if sound is None or Path(sound).is_file():
        return sound and _heard_in(sound)
    refuse_url(sound)
    if "/" in sound or os.sep in sound or re.fullmatch(r"\S+\.\w{2,5}", sound):
        raise UsageError(
            f"No such file: '{sound}'. --sound wants a file in which an example can be heard (you "
            f"are in '{Path.cwd()}')."
        )
    return sound


def _heard_in(path: str) -> Waveform:
    """The sound of a file, as an example of what is looked for."""
    from svqa.errors import UsageError
    from svqa.media import read_audio

    if (heard := read_audio(path)) is None:
        raise UsageError(
            f"'{path}' has no sound: --sound wants a file in which an example can be heard."
        )
    return heard


def _kept(library: Library, files: Sequence[str]) -> str:
    """-> what of these files is in the database, when an ingest is stopped."""
    from svqa.errors import SvqaError

    told = []
    for path in files:
        with suppress(SvqaError):
            video = library.store.find_video(path, ready_only=False)
            whole = video.status in ("ready", "partial")
            until_s = video.duration_s if whole else video.committed_s
            told.append(f"{path}: {clock(until_s)} of {clock(video.duration_s)}")
    kept = "; ".join(told) or "nothing yet"
    return f"svqa: stopped; kept: {kept}. The same command goes on from there"
