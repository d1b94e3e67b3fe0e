"""A database -> whose it is, looked at without leaving a trace in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from svqa.errors import DatabaseTooNew, NotADatabase

# of the first revision, and of every later one
OWN_TABLES = frozenset(("videos", "ingest_chunks", "embedding_spaces"))
_WAL_VERSION = 2  # byte 18 of a SQLite file that is in write-ahead mode


@dataclass(frozen=True)
class Contents:
    """What a database holds: names of tables and views, Alembic's revision, a program's mark.

    `marked`: the file says by `application_id` or `user_version` that a program made it.
    """

    names: tuple[str, ...]
    revisions: tuple[str, ...] = ()
    marked: bool = False


def revision_of(found: Contents, where: str, known: Sequence[str]) -> str | None:
    """-> the schema's revision, one of `known`; None where the database is empty.

    Raises NotADatabase where anything in it is another program's, DatabaseTooNew where it is a
    later svqa's.
    """
    if set(found.names) >= OWN_TABLES and len(found.revisions) == 1:
        (revision,) = found.revisions
        if revision in known:
            return revision
        raise DatabaseTooNew(
            f"{where} has schema {revision!r}; this svqa knows up to {known[-1]!r}. It was not "
            "touched. Update svqa, or use another database."
        )
    if found.names or found.marked:
        names = ", ".join(sorted(found.names)[:5]) or "no tables yet, but the mark of a program"
        of = f", revision {found.revisions[0]!r}" if found.revisions else ""
        raise NotADatabase(
            f"{where} belongs to another program (it holds {names}{of}); it was not touched. "
            "Give svqa a database of its own."
        )
    return None


def look_at_file(path: Path) -> Contents:
    """-> what a SQLite file holds, read without a write: its journal mode stays what it is.

    Raises sqlite3.Error where it cannot be read so.
    """
    if not path.exists() or path.stat().st_size == 0:
        return Contents(())
    with path.open("rb") as file:
        write_ahead = file.read(19)[18:] == bytes([_WAL_VERSION])
    log = path.with_name(f"{path.name}-wal")
    pending = log.exists() and log.stat().st_size > 0
    # a file in write-ahead mode would get a -shm beside it; with nothing pending it is whole alone
    how = "immutable=1" if write_ahead and not pending else "mode=ro"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as connection:
        rows = connection.execute("SELECT name, type FROM sqlite_master").fetchall()
        names = tuple(n for n, kind in rows if kind in ("table", "view") and n[:7] != "sqlite_")
        revisions = (
            [r for (r,) in connection.execute("SELECT version_num FROM alembic_version")]
            if "alembic_version" in names
            else []
        )
        marks = [
            connection.execute(f"PRAGMA {mark}").fetchone()[0]
            for mark in ("application_id", "user_version")
        ]
    return Contents(names, tuple(map(str, revisions)), any(marks))


def look(connection: Connection) -> Contents:
    """-> what the database behind a connection holds; on PostgreSQL without what extensions own."""
    query = _NAMES[connection.dialect.name]
    names = tuple(connection.execute(text(query)).scalars())
    revisions = (
        connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if "alembic_version" in names
        else ()
    )
    return Contents(names, tuple(map(str, revisions)))


_NAMES = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ),
    "postgresql": (
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
        "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
    ),
}
