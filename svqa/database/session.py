"""URL -> engine: connections set up so that readers never wait and writers queue."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from svqa.database.urls import shown_url
from svqa.errors import DatabaseError, NotADatabase, UsageError

if sys.platform != "win32":  # on Windows SQLite's own lock has to do
    import fcntl

DEFAULT_URL = "sqlite:///svqa.db"
BUSY_MS = 30_000
_SQLITE_MAGIC = b"SQLite format 3\0"


def database_url(url: str | None = None) -> str:
    """The URL to use: `url`, else the environment's SVQA_DATABASE, else `sqlite:///svqa.db`."""
    return url or os.environ.get("SVQA_DATABASE") or DEFAULT_URL


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite URL; None for `:memory:` and for other databases."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file.db` or `postgresql+psycopg://...`; connects to nothing yet.

    `NotADatabase` where the file is something else than SQLite (it is not touched), `UsageError`
    for other URLs.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: of a port that is no number
        raise UsageError(
            "expected a database URL such as sqlite:///svqa.db or "
            f"postgresql+psycopg://user@host:5432/name, got {shown_url(url)!r}."
        ) from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise UsageError(
            f"svqa stores in sqlite or postgresql, got {backend!r} in {shown_url(url)!r}."
        )
    if backend != "sqlite":  # `postgres://` is what services hand out
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    path = sqlite_path(parsed)
    if path is None:
        raise UsageError(
            "an in-memory database cannot be shared between connections; give a file, "
            "such as sqlite:///svqa.db."
        )
    _check_file(path)
    if is_read_only(path):
        engine = create_engine(parsed, creator=lambda: _connect_read_only(path))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})
        engine.dialect.create_connect_args(parsed)  # it reads the options, which may be no numbers
    except ValueError as error:
        raise UsageError(f"{shown_url(parsed)!r} has an option that cannot be: {error}.") from None
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_read_only(path: Path) -> bool:
    """Whether there is a database that this process may read and not write, nor beside it."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _connect_read_only(path: Path) -> sqlite3.Connection:
    """A file in write-ahead mode needs two others beside it, unless nothing can be pending."""
    log = path.with_name(f"{path.name}-wal")
    pending = log.exists() and log.stat().st_size > 0
    how = "mode=ro" if pending or os.access(path.parent, os.W_OK) else "immutable=1"
    address = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return connection


def writer(engine: Engine) -> Engine:
    """The same engine and pool, whose transactions take SQLite's write lock at their beginning.

    A transaction that reads first and upgrades later can fail with "database is locked" whatever
    the timeout.
    """
    return engine.execution_options(svqa_write=True)


@contextmanager
def write_lock(engine: Engine) -> Iterator[None]:
    """One writing process at a time, checkpoint included; does nothing for PostgreSQL.

    SQLite before 3.51.3 can lose a transaction when one connection checkpoints the log while
    another writes to it. Commits are what checkpoints, so a lock file held around whole writing
    transactions keeps the two apart. The kernel frees it when the process dies.
    """
    path = sqlite_path(engine.url)
    if path is None or sys.platform == "win32":
        yield
        return
    deadline = time.monotonic() + BUSY_MS / 1000
    with open(f"{path}-lock", "ab", opener=_private) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseError(
                        f"another process has been writing to {str(path)!r} for {BUSY_MS // 1000} "
                        "s. Wait for it to end, or end it, and run again."
                    ) from None
                time.sleep(0.002)
        yield


def make_private(path: Path) -> None:
    """Make the file, readable by its owner alone, where there is none: videos are private.

    SQLite gives its journals the mode of the file; one that exists keeps its mode.
    """
    with suppress(OSError):  # there already, or SQLite says what is wrong
        os.close(_private(str(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise NotADatabase(
            f"expected a SQLite file, {str(path)!r} is a folder. Give a file name, such as svqa.db."
        )
    if not path.parent.is_dir():
        raise NotADatabase(
            f"no folder {str(path.parent)!r} to hold the database {path.name!r}. Make it first."
        )
    if path.exists() and not path.is_file():
        raise NotADatabase(
            f"expected a SQLite file, {str(path)!r} is a device, a FIFO or a socket. Give a file "
            "name, such as svqa.db."
        )
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        head = file.read(len(_SQLITE_MAGIC))
    if head != _SQLITE_MAGIC:
        raise NotADatabase(
            f"{str(path)!r} is not a SQLite file (it begins with {head!r}); it was not touched. "
            "Give another file, or move this one away."
        )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # the driver starts no transactions of its own; `_begin_sqlite` does
    connection.isolation_level = None
    cursor = connection.cursor()
    # first: switching to WAL may itself have to wait
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    # KiB; the inner pages of the indexes of a million rows
    cursor.execute("PRAGMA cache_size = -32768")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("svqa_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
