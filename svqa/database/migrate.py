"""Any database -> one at this version's schema.

Made, migrated after a backup, or refused untouched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from svqa.database.columns import utc_now
from svqa.database.ownership import look, look_at_file, revision_of
from svqa.database.session import (
    database_url,
    make_engine,
    make_private,
    sqlite_path,
    write_lock,
    writer,
)
from svqa.database.urls import shown_url, without_secrets
from svqa.errors import DatabaseError, DatabaseUnreachable, NotADatabase

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
)  # oldest first; a test holds them against the scripts
HEAD = REVISIONS[-1]
_PG_LOCK = 0x73767161  # "svqa": two processes never migrate at once


def init_db(url: str | None = None) -> str:
    """Makes the database, or brings an older one to this version after a backup; -> its URL.

    `url`: `sqlite:///file.db` or `postgresql+psycopg://...`; None means the environment's
    SVQA_DATABASE, else `sqlite:///svqa.db`. Raises `DatabaseTooNew` and `NotADatabase`, both
    without having touched the file.

    >>> init_db("sqlite:////tmp/library.db")  # doctest: +SKIP
    'sqlite:////tmp/library.db'
    """
    url = database_url(url)
    engine = make_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()
    return url


def migrate(engine: Engine) -> None:
    """Brings the engine's database to HEAD; nothing happens where it is there already."""
    try:
        if (path := sqlite_path(engine.url)) is not None:
            # before the first connection, which would switch another program's file to WAL
            revision_of(look_at_file(path), _where(engine), REVISIONS)
            make_private(path)
        with engine.connect() as connection:
            revision = check_revision(connection)
        if revision == HEAD:
            return
        if revision is not None:
            backup(engine, revision)
        with write_lock(engine), _altering(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
            if check_revision(connection) != HEAD:  # another process may have been first
                _upgrade(connection)
    except (DBAPIError, OSError, sqlite3.Error, TypeError) as error:
        raise explain(error, engine) from error


def check_revision(connection: Connection) -> str | None:
    """The schema's revision; None where the database is empty.

    Refuses newer schemas and other programs' databases.
    """
    return revision_of(look(connection), _where(connection.engine), REVISIONS)


def backup(engine: Engine, revision: str) -> Path | None:
    """A copy of a SQLite file beside it, `library.db.0001-20261123T081500.backup`.

    None for PostgreSQL.

    PostgreSQL migrates in one transaction, and its backups are its keeper's affair.
    """
    path = sqlite_path(engine.url)
    if path is None:
        return None
    copy = path.with_name(f"{path.name}.{revision}-{utc_now():%Y%m%dT%H%M%S}.backup")
    make_private(copy)
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    target.close()
    source.close()
    return copy


def explain(error: Exception, engine: Engine) -> DatabaseError:
    """A driver's error -> one that says what to do."""
    words = without_secrets(str(getattr(error, "orig", None) or error).strip(), engine.url)
    low = words.lower()
    where = _where(engine)
    if engine.dialect.name != "sqlite" and _is_lost(error):
        return DatabaseUnreachable(
            f"{where} cannot be reached ({words}). What was committed is safe; see that it runs, "
            "run again."
        )
    if "not a database" in low or "malformed" in low:
        return NotADatabase(
            f"{where} cannot be read ({words}). Restore a backup, or give another file."
        )
    if "readonly" in low or "read-only" in low or "unable to open" in low or "permission" in low:
        return DatabaseError(
            f"cannot write to {where} ({words}). Check the permissions of the file and of "
            "its folder."
        )
    if "full" in low or "no space" in low:
        return DatabaseError(
            f"no room left for {where} ({words}). What was committed is safe; free some "
            "space, run again."
        )
    if "locked" in low:
        return DatabaseError(
            f"{where} is held by another process ({words}). Wait for it to end and run again."
        )
    return DatabaseError(f"{where} did not do what was asked: {words}")


def _is_lost(error: Exception) -> bool:
    """Whether there is no connection, or none any more, by the codes that PostgreSQL gives.

    What its client finds out by itself has no code; classes 08 and 57P are of connections.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.orig, "sqlstate", None)
    return code is None or code.startswith(("08", "57P"))


@contextmanager
def _altering(engine: Engine) -> Iterator[Connection]:
    """A writing transaction that may copy a table to which others point.

    It is undone where it would leave a row that points nowhere.

    SQLite alters a table by copying it and dropping the old one, which its foreign keys forbid;
    they can be switched only outside a transaction (https://sqlite.org/lang_altertable.html).
    """
    if engine.dialect.name != "sqlite":
        with writer(engine).begin() as connection:
            yield connection
        return
    with writer(engine).connect() as connection:
        raw = cast(sqlite3.Connection, connection.connection.driver_connection)
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                lost = connection.execute(text("PRAGMA foreign_key_check")).all()
                if lost:
                    raise DatabaseError(
                        f"{_where(engine)} has {len(lost)} rows that point at rows that are gone; "
                        "it was not changed. Restore a backup."
                    )
        finally:
            raw.execute("PRAGMA foreign_keys = ON")


def _where(engine: Engine) -> str:
    return f"database {shown_url(engine.url)}"


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
