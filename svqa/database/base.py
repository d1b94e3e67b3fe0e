"""Engine -> transactions that commit whole or not at all, and errors that teach."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import StatementError

from svqa.database.migrate import explain
from svqa.database.schema import Video
from svqa.database.session import is_read_only, sqlite_path, write_lock, writer
from svqa.database.urls import shown_url
from svqa.errors import DatabaseError, NotIngested, SvqaError

SEARCHABLE = ("ready", "partial")


class Transactions:
    """What the parts of the store share: one engine, a reading and a writing transaction."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._writer = writer(engine)
        path = sqlite_path(engine.url)
        self._path = None if path is None else path.absolute()
        self._file = self._identity()
        # Threads of one process queue fairly here; between processes SQLite's own lock decides.
        self._turn = threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()

    @property
    def url(self) -> str:
        """The database's URL, without its password."""
        return shown_url(self._engine.url)

    @property
    def full_url(self) -> str:
        """The URL with its password, for another process to open the same; never to be shown."""
        return self._engine.url.render_as_string(hide_password=False)

    @property
    def read_only(self) -> bool:
        """Whether nothing can be kept: what is asked is answered and leaves no row."""
        return self._path is not None and is_read_only(self._path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database."""
        self._check_in_place()
        with self._typed_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its beginning.

        An exception rolls all of it back. Raises DatabaseError where the file is no longer in its
        place, also when it went while the transaction lasted.
        """
        self._check_in_place()
        with (
            self._typed_errors(),
            self._turn,
            write_lock(self._engine),
            self._writer.begin() as connection,
        ):
            yield connection
        self._check_in_place()

    def _identity(self) -> tuple[int, int] | None:
        """Device and number of the database's file; None where there is none at its path."""
        if self._path is None:
            return None
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _check_in_place(self) -> None:
        """SQLite goes on writing to a file that was deleted, and nobody finds what it wrote."""
        if self._path is not None and self._identity() != self._file:
            what = "replaced by another file" if self._identity() else "moved or deleted"
            raise DatabaseError(
                f"{self.url} was {what} while it was in use: what is written now would be lost. "
                "Put it back, or run the command again: a new database is made."
            )

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # of the lock file
            raise explain(error, self._engine) from error
        except StatementError as error:  # also the base of every driver error
            if isinstance(error.orig, SvqaError):
                raise error.orig from None
            raise explain(error, self._engine) from error


def row_id(connection: Connection, video_id: str) -> int:
    """The primary key behind a public id; `NotIngested` where there is none."""
    found = connection.execute(select(Video.id).where(Video.public_id == video_id)).scalar()
    if found is None:
        raise NotIngested(f"No video {video_id!r} in this database. Run: svqa ingest PATH")
    return found
