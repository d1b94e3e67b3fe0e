"""Uploads -> files of the library's folder -> rows: one film at a time, its progress to be read."""

from __future__ import annotations

import queue
import threading
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from svqa.errors import SvqaError, UsageError
from svqa.pipeline import Library

KEPT_JOBS = 100


@dataclass(frozen=True)
class Job:
    """A film that is being taken in; `status`: waiting, running, done or failed."""

    id: int
    name: str
    status: str = "waiting"
    done_s: float = 0.0
    of_s: float = 0.0
    note: str = ""
    film: str = ""


class Intake:
    """Takes films in, one after the other, in a thread of its own."""

    def __init__(self, library: Library, folder: Path):
        self.library, self.folder = library, folder
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._waiting: queue.Queue[tuple[int, Path] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="svqa-intake", daemon=True)
        self._thread.start()

    def jobs(self) -> list[Job]:
        """The last films, oldest first."""
        with self._lock:
            return list(self._jobs.values())[-KEPT_JOBS:]

    def add(self, path: Path) -> Job:
        """Put a file at the end of the line."""
        with self._lock:
            job = Job(max(self._jobs, default=0) + 1, path.name)
            self._jobs[job.id] = job
        self._waiting.put((job.id, path))
        return job

    def close(self) -> None:
        """Take in nothing more; what is being read is not waited for long."""
        self._waiting.put(None)
        self._thread.join(5)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            number, path = item

            def show(what: str, done: float, of: float, number: int = number) -> None:
                self._set(number, done_s=min(done, of), of_s=of)

            self._set(number, status="running")
            try:
                (report,) = self.library.ingest(path, progress=show)
            except SvqaError as error:
                self._set(number, status="failed", note=f"{type(error).__name__}: {error}")
                continue
            status = "failed" if report.status == "failed" else "done"
            self._set(number, status=status, note=report.note, film=report.video)

    def _set(self, number: int, **values: object) -> None:
        with self._lock:
            self._jobs[number] = replace(self._jobs[number], **values)  # type: ignore[arg-type]


def file_for(folder: Path, name: str) -> Path:
    """-> a new path in `folder` for an upload called `name`, whatever that tries to be.

    Raises UsageError for a name that is none.
    """
    name = unicodedata.normalize("NFC", name)
    plain = "".join(c for c in name if c.isprintable() and c not in '/\\:*?"<>|').strip(". ")
    try:
        encoded = plain.encode()
    except UnicodeEncodeError:
        encoded = b""
    if not encoded or plain != Path(plain).name:
        raise UsageError(f"an upload needs a file's name, got {name!r}.")
    suffix = Path(plain).suffix[:12]
    stem = plain.removesuffix(suffix).encode()[:180].decode(errors="ignore")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(10_000):
        path = folder / (f"{stem}-{number}{suffix}" if number else f"{stem}{suffix}")
        if not path.exists() and not path.is_symlink():
            return path
    raise UsageError(f"too many uploads are called {plain!r}.")
