"""Records <-> rows: the one door to the database."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, text

from svqa.database.audit import AuditStore
from svqa.database.corrections import CorrectionStore
from svqa.database.ingest import IngestStore
from svqa.database.leases import is_held
from svqa.database.library import LibraryStore
from svqa.database.migrate import check_revision, migrate
from svqa.database.nearest import VectorStore
from svqa.database.passages import PassageStore
from svqa.database.schema import Base, Video
from svqa.database.schema_trail import Query
from svqa.database.session import database_url, make_engine, sqlite_path
from svqa.database.stored_records import Health, LibraryStats
from svqa.errors import NotIngested


class Store(IngestStore, LibraryStore, PassageStore, VectorStore, AuditStore, CorrectionStore):
    """Everything svqa keeps. Safe to share between threads; after a fork, open a new one.

    Writing videos: `claim_video`, `commit_chunk`, `finish_video`, `fail_video`, `release`. Reading
    them: `videos`, `find_video`, `passages`, `captions` and their like. Their vectors: `vectors`,
    `nearest`, `spaces`, `build_index`. The trail: `add_query`, `queries`, `add_correction`,
    `add_comparison`, `add_model_version`. Use it in a `with`, so that its leases end with it.
    """

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def stats(self) -> LibraryStats:
        """The database at a glance."""
        with self.read() as connection:
            count = select(func.count())
            rows = {
                t.name: connection.execute(count.select_from(t)).scalar_one()
                for t in Base.metadata.sorted_tables
            }
            videos = dict(
                connection.execute(select(Video.status, func.count()).group_by(Video.status)).all()
            )
            seconds = connection.execute(select(func.sum(Video.duration_s))).scalar() or 0.0
            abstained = connection.execute(
                count.select_from(Query).where(Query.kind == "ask", Query.abstained)
            ).scalar_one()
            of_all = count.select_from(Query).where(Query.kind == "ask")
            asked = connection.execute(of_all).scalar_one()
            recent = (
                connection.execute(select(Query.latency_ms).order_by(Query.id.desc()).limit(1000))
                .scalars()
                .all()
            )
            revision = check_revision(connection) or ""
            size = connection.execute(text(_SIZE[connection.dialect.name])).scalar_one()
        return LibraryStats(
            url=self.url,
            revision=revision,
            size_bytes=int(size),
            rows=rows,
            videos=videos,
            video_s=float(seconds),
            queries=rows["queries"],
            abstained_share=abstained / asked if asked else None,
            latency_ms=percentiles(recent),
        )

    def check(self) -> Health:
        """Reads the whole database and says what is wrong with it, for `svqa doctor`."""
        with self.read() as connection:
            revision = check_revision(connection) or ""
            ingesting = connection.execute(select(Video).where(Video.status == "ingesting")).all()
            problems = [
                f"ingest of {v.path} was interrupted: run it again"
                for v in ingesting
                if not is_held(v)
            ]
            if connection.dialect.name == "postgresql":
                version = connection.execute(text("SHOW server_version")).scalar()
                vector = connection.execute(
                    text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
                ).scalar()
                return Health(
                    self.url,
                    "postgresql",
                    f"{version}, pgvector {vector}",
                    revision,
                    "wal",
                    True,
                    tuple(problems),
                )
            version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
            journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
            keys = bool(connection.execute(text("PRAGMA foreign_keys")).scalar())
            damage = [
                line
                for line in connection.execute(text("PRAGMA integrity_check(10)")).scalars()
                if line != "ok"
            ]
            orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        problems += damage + [f"{len(orphans)} rows point at rows that are gone"] * bool(orphans)
        return Health(self.url, "sqlite", version, revision, journal, keys, tuple(problems))


_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def open_store(url: str | None = None, *, make: bool = True) -> Store:
    """Opens the database, made or migrated where it has to be. `url` as in `init_db`.

    With `make=False` a SQLite file that is not there is not made: raises NotIngested.

    >>> with open_store("sqlite:///library.db") as store:  # doctest: +SKIP
    ...     store.videos()
    []
    """
    engine = make_engine(database_url(url))
    path = sqlite_path(engine.url)
    if not make and path is not None and not path.exists():
        raise NotIngested(
            f"No database at {str(path)!r} yet, and none was made. Run: svqa ingest PATH, or name "
            "another with --database."
        )
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def percentiles(values_ms: Iterable[float]) -> dict[str, float]:
    """{"p50", "p90", "p99"}: nearest-rank percentiles, so each is a value that occurred.

    Empty for no values.
    """
    ordered = sorted(values_ms)
    if not ordered:
        return {}
    return {
        f"p{p}": ordered[min(len(ordered) - 1, -(-p * len(ordered) // 100) - 1)]
        for p in (50, 90, 99)
    }
