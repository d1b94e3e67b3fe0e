"""`svqa export clip`, `otio`, `edl`: the cited seconds as a film, or as an edit list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svqa.cli.export import Out, export_app
from svqa.cli.output import Database, Json, clock, open_existing, print_json, say, shown

if TYPE_CHECKING:
    from svqa.database import Store, StoredQuery

Number = Annotated[
    int | None, typer.Option(help="Of the question, as `ask --json` says; the last without.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")]


def register() -> None:
    """Add the three to `export`."""
    for command in (clip, otio, edl):
        export_app.command()(command)


def clip(
    out: Out,
    film: Annotated[
        str | None, typer.Argument(metavar="[FILM]", help="A path, a file's name or an id.")
    ] = None,
    start: Annotated[
        float | None, typer.Option("--from", help="Seconds, instead of those an answer cites.")
    ] = None,
    end: Annotated[float | None, typer.Option("--to", help="Seconds; the end without.")] = None,
    number: Number = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Without loss, even if it begins earlier then.")
    ] = False,
    overwrite: Overwrite = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """The seconds that an answer cites, or those given, as a film; .mp4, .mov, .mkv or .webm.

    Copied without loss where they begin with a picture that stands alone, else coded anew.
    """
    from svqa.errors import UsageError
    from svqa.media import cut_clip, join_spans

    if film is None and (start, end) != (None, None):
        raise UsageError("--from and --to want a FILM.")
    with open_existing(database) as store:
        video = store.find_video(film) if film else None
        if video is not None and (start, end) != (None, None):
            spans = [(start or 0.0, video.duration_s if end is None else end)]
        else:
            cited = _cited(store, number, video.id if video else None)
            video = video or store.find_video(cited.evidence[0].video)
            others = {e.path for e in cited.evidence if e.video != video.id}
            of_film = [(e.start_s, e.end_s) for e in cited.evidence if e.video == video.id]
            spans = join_spans(of_film, near_s=0.0)
            if others:
                say(f"Of {video.path} alone; {len(others)} more films are cited: name one.")
    made = cut_clip(video.path, out, spans, how="copy" if copy else "auto", overwrite=overwrite)
    if json:
        held = [list(span) for span in made.spans_s]
        print_json({"clip": str(out), "film": video.path, "spans_s": held, "copied": made.copied})
        return
    seconds = ", ".join(f"{clock(s)}-{clock(e)}" for s, e in made.spans_s)
    how = "copied without loss" if made.copied else "coded anew"
    typer.echo(shown(f"Clip: {out}: {seconds} of {video.path}, {how}"))


def otio(out: Out, number: Number = None, database: Database = None) -> None:
    """The cited seconds of an answer as an edit list of OpenTimelineIO."""
    from svqa.exchange import evidence_timeline

    with open_existing(database) as store:
        timeline = evidence_timeline(store, _cited(store, number))
    timeline.to_json_file(str(out))
    typer.echo(f"Edit list: {out}")


def edl(out: Out, number: Number = None, database: Database = None) -> None:
    """The same as an edit list of CMX 3600, which every editing program reads."""
    from svqa.exchange import evidence_edl

    with open_existing(database) as store:
        out.write_text(evidence_edl(store, _cited(store, number)), encoding="utf-8")
    typer.echo(f"Edit list: {out}")


def _cited(store: Store, number: int | None, film: str | None = None) -> StoredQuery:
    """-> the question of that number, or the last, that cites seconds. Raises UsageError."""
    from svqa.errors import UsageError

    asked = store.queries(1000, ids=None if number is None else [number], video=film)
    for query in asked:
        if query.kind == "ask" and any(film in (None, e.video) for e in query.evidence):
            return query
    raise UsageError("No such question that cites seconds. Run: svqa ask QUESTION")
