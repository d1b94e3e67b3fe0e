"""`svqa videos list`, `show`, `rm`: what is in the library, one film in detail, one forgotten."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import Database, Json, clock, flat_rows, open_existing, print_json, print_table

if TYPE_CHECKING:
    from svqa.database import StoredVideo

videos_app = typer.Typer(no_args_is_help=True, help="The films of the library.")

Film = Annotated[str, typer.Argument(metavar="FILM", help="A path, a file's name or an id.")]


def register(app: typer.Typer) -> None:
    """Add the group `videos`."""
    app.add_typer(videos_app, name="videos")


@videos_app.command("list")
def list_videos(database: Database = None, json: Json = False) -> None:
    """Every film, oldest first, also those that are not complete."""
    with open_existing(database) as store:
        found = store.videos(ready_only=False)
    if json:
        print_json([_facts(video) for video in found])
        return
    rows = [
        (v.id, v.path, clock(v.duration_s), v.settings.get("models", ""), v.frames, v.status)
        for v in found
    ]
    print_table(("id", "path", "length", "models", "frames", "status"), rows)


@videos_app.command("show")
def show(film: Film, database: Database = None, json: Json = False) -> None:
    """One film: its file, how it was taken in, and how much was found in it."""
    with open_existing(database) as store:
        video = store.find_video(film, ready_only=False)
        boxes = Counter(box.label for box in store.detections(video.id))
        found = {
            "shots": len(store.shots(video.id)),
            "captions": len(store.captions(video.id)),
            "utterances": len(store.utterances(video.id)),
            "lines_of_text": len(store.text_boxes(video.id)),
            "boxes": dict(boxes.most_common()),
            "questions": len(store.queries(1_000_000, video=video.id)),
        }
    data = {**_facts(video), **found}
    print_json(data) if json else print_table(("what", "value"), flat_rows(data))


@videos_app.command("rm")
def remove(
    film: Film,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """Forget a film and all that was found in it; the file itself stays, and so do questions."""
    from svqa.errors import UsageError

    with open_existing(database) as store:
        video = store.find_video(film, ready_only=False)
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError(f"This forgets {video.path}: say --yes.")
            typer.confirm(f"Forget {video.path} ({clock(video.duration_s)})?", abort=True, err=True)
        store.delete_video(video.id)
    if json:
        print_json({"removed": video.id, "path": video.path})
    else:
        typer.echo(f"Forgotten: {video.id}; the file stays.")


def _facts(video: StoredVideo) -> dict[str, Any]:
    facts = asdict(video)
    for name in ("created_at", "ingested_at"):
        facts[name] = facts[name] and facts[name].isoformat()
    return facts
