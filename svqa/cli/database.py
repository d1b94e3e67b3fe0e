"""`svqa db init`, `upgrade`, `stats`, `index`: the database, made, migrated, counted, indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import Database, Json, flat_rows, print_json, print_table

if TYPE_CHECKING:
    from svqa.database import Store
    from svqa.profiling import VideoStatistics

db_app = typer.Typer(no_args_is_help=True, help="The database: create, migrate, count.")


def register(app: typer.Typer) -> None:
    """Add the group `db`."""
    app.add_typer(db_app, name="db")


@db_app.command("init")
def init(database: Database = None, json: Json = False) -> None:
    """Create the database, or bring an existing one up to date."""
    upgrade(database, json)


@db_app.command("upgrade")
def upgrade(database: Database = None, json: Json = False) -> None:
    """Migrate to this version's tables; an older SQLite file is copied first."""
    from svqa.database import open_store
    from svqa.settings import Settings

    with open_store(Settings.load(database=database).database) as store:
        result = {"url": store.url, "revision": store.check().revision}
    print_json(result) if json else typer.echo(
        f"{result['url']} is at revision {result['revision']}"
    )


@db_app.command("stats")
def stats(
    database: Database = None,
    video: Annotated[str | None, typer.Option("--video", help="One video in detail.")] = None,
    json: Json = False,
) -> None:
    """What the database holds: rows, videos by status, queries, latencies.

    Or one video's processing and quality.
    """
    from svqa.database import open_store
    from svqa.settings import Settings

    with open_store(Settings.load(database=database).database, make=False) as store:
        found = _of_video(store, video) if video else store.stats()
    data = found if isinstance(found, dict) else asdict(found)
    if json:
        print_json(data)
    else:
        print_table(("what", "value"), flat_rows(data))


@db_app.command("index")
def index(
    database: Database = None,
    level: Annotated[
        str | None, typer.Option(help="Only vectors of this level: frame, segment, scene.")
    ] = None,
    modality: Annotated[
        str | None, typer.Option(help="Only of this sense: visual, caption, speech, text, audio.")
    ] = None,
    least_rows: Annotated[
        int | None, typer.Option(min=0, help="Index from so many vectors on; a million by default.")
    ] = None,
    m: Annotated[int, typer.Option(help="Neighbours a vector has in the graph.")] = 16,
    ef_construction: Annotated[
        int, typer.Option(help="Among how many its neighbours are chosen.")
    ] = 64,
    workers: Annotated[
        int, typer.Option(help="Processes that help; they need room in the server's /dev/shm.")
    ] = 0,
    json: Json = False,
) -> None:
    """Make indexes of the vectors that are too many for exact search, and of the words beside them.

    PostgreSQL only. The HNSW index of a space grows with it, and twice does nothing more; the words
    are kept on this machine, and indexed anew each time.
    """
    from svqa.database import open_store
    from svqa.database.nearest import EXACT_BELOW
    from svqa.settings import Settings

    least = EXACT_BELOW if least_rows is None else least_rows
    numbers = {"m": m, "ef_construction": ef_construction, "workers": workers}
    with open_store(Settings.load(database=database).database) as store:
        rows = list(_indexed(store, level, modality, least, numbers))
        if any(row["done"] != "small" for row in rows):
            rows += _words_indexed(store)
    if json:
        print_json(rows)
        return
    columns = ("level", "modality", "model", "dim", "vectors", "index")
    print_table(
        columns, [[*list(r.values())[:4], f"{r['rows']:,}", _said_of_index(r, least)] for r in rows]
    )


def _indexed(
    store: Store, level: str | None, modality: str | None, least: int, numbers: dict[str, Any]
) -> Iterator[dict]:
    """The chosen spaces, each with what was done about its index.

    `built`, `kept`, or `small` where none is needed.
    """
    import time

    from svqa.errors import UsageError

    spaces = store.spaces()
    chosen = [s for s in spaces if level in (None, s.level) and modality in (None, s.modality)]
    if not chosen:
        known = ", ".join(sorted({f"{s.level} {s.modality}" for s in spaces})) or "none"
        raise UsageError(
            f"No vectors of level {level or 'any'} and modality {modality or 'any'} in "
            f"{store.url}. Known: {known}."
        )
    for space in chosen:
        begin, done = time.perf_counter(), "small"
        if space.rows >= least:
            done = (
                "built"
                if store.build_index(space.level, space.modality, space.model_id, **numbers)
                else "kept"
            )
        spent_s = round(time.perf_counter() - begin, 3) if done == "built" else 0.0
        described = {name: value for name, value in asdict(space).items() if name != "index"}
        yield {
            **described,
            "done": done,
            "m": numbers["m"],
            "ef_construction": numbers["ef_construction"],
            "build_s": spent_s,
        }


def _words_indexed(store: Store) -> list[dict]:
    """A row like those of the spaces; none where there is no word."""
    import time

    from svqa.cli.progress import progress_bars
    from svqa.pipeline.kept_words import build_words

    begin = time.perf_counter()
    with progress_bars() as progress:
        texts = build_words(store, progress)
    of = {"level": "all", "modality": "words", "model_id": "bm25", "dim": None, "rows": texts}
    built = {"done": "built", "m": None, "ef_construction": None}
    return [{**of, **built, "build_s": round(time.perf_counter() - begin, 3)}] if texts else []


def _said_of_index(row: dict, least: int) -> str:
    return {
        "built": f"built in {row['build_s']:.1f} s",
        "kept": "is there already",
        "small": f"none: exact search is right below {least:,}",
    }[row["done"]]


def _of_video(store: Store, video: str) -> VideoStatistics:
    from svqa.profiling.performance import metrics_service

    return metrics_service.get_video_statistics(store, video)
