"""Paths -> reports, several films at once: each in a worker process that keeps its models.

A worker opens the database itself and commits its own chunks: the lock that the store holds around
every writing transaction lets one process write at a time, and leases let one take a film in. So
the rows are those of one process after another, but for their row numbers.

A worker that has to stop is killed, which an ingest survives at any point, and the caller ends its
lease: a KeyboardInterrupt raised in it by a signal may come while Python runs a finalizer, and is
lost there. Where models are shared, threads take the place of workers (`ingest_threads`).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

from svqa.database import Store, open_store, this_process
from svqa.errors import DatabaseError, SvqaError, UsageError
from svqa.models.zoo import ModelSet
from svqa.pipeline.concurrent_work import cores
from svqa.pipeline.film_queue import FilmQueue
from svqa.pipeline.ingest import IngestReport, ingest_many, ingest_one
from svqa.pipeline.ingest_threads import ingest_in_threads
from svqa.records import Progress
from svqa.settings import Settings

MOST_DEATHS = 2  # workers that may die of a film: the first may have lacked memory for a moment
END_S = 15.0  # for a worker that has nothing left to do
WORKER_BYTES = 1_200_000_000  # beside its weights: the offline set was seen to take 1.34e9 in all
TELL_S = 0.1  # between two signs of a film's progress
FILM_BYTES = 600_000_000  # a film's pictures and its decoder, where models are shared
MOST_THREADS = 16  # films of one process: they also wait for Python's lock


def ingest_here(
    store: Store,
    models: ModelSet,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    jobs: int | None = None,
    share_models: bool | None = None,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """One report a file, in the order of `paths`; `jobs` at a time, without it as many as fit.

    `share_models`: by threads of this process, which share its models, else each in a process of
    its own; without it they are shared where they are on a GPU.
    """
    share = models.device != "cpu" if share_models is None else share_models
    jobs = jobs or jobs_that_fit(len(paths), models, share_models=share)
    if min(jobs, len(paths)) < 2:
        return ingest_many(store, models, paths, settings=settings, progress=progress)
    several = ingest_in_threads if share else ingest_in_processes
    return several(store, models, paths, settings=settings, jobs=jobs, progress=progress)


def ingest_in_processes(
    store: Store,
    models: ModelSet,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    jobs: int,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """One report a file, in the order of `paths`, as `ingest_many` gives them; `jobs` at a time.

    A film whose worker died twice is reported as `failed` and does not stop the others. A script
    that calls this stands under `if __name__ == "__main__":`, as for every process of Python's
    `multiprocessing` that is spawned; UsageError where no worker can begin.
    """
    given = (store.full_url, models.replaced({}), settings, max(1, cores() // jobs))
    films = FilmQueue(paths, MOST_DEATHS)
    team: list[_Worker] = []
    begun = False
    try:
        while not films.done:
            while films.todo and len(team) < min(jobs, len(paths)):
                team.append(_Worker(given))
            for worker in team:
                worker.take_from(films)
            ready = wait([worker.pipe for worker in team])
            for worker in [w for w in team if w.pipe in ready]:
                message = worker.message()
                if message is None:
                    team.remove(worker)
                    if not begun:
                        raise UsageError(_no_worker(worker.how_it_ended()))
                    if worker.index is not None:
                        films.died(worker.index, worker.how_it_ended())
                elif isinstance(message, IngestReport):
                    films.report(worker.let_go(), message)
                elif isinstance(message, Exception):
                    raise message
                elif isinstance(message, str):
                    worker.process, begun = message, True
                elif progress is not None:
                    progress(*message)
    except BaseException:
        for worker in team:
            worker.stop(store)
        raise
    for worker in team:
        worker.end()
    return films.in_order()


def jobs_that_fit(films: int, models: ModelSet, *, share_models: bool = False) -> int:
    """-> how many films to take in at once: as many as there are, as cores, and as memory holds."""
    worker_bytes = WORKER_BYTES + models.weight_bytes(without=["answerer"])
    if share_models:
        room = 1 + (free_bytes() - worker_bytes) // FILM_BYTES
        return max(1, min(films, cores(), room, MOST_THREADS))
    return max(1, min(films, cores(), free_bytes() // worker_bytes))


def free_bytes() -> int:
    """-> memory that is free here, within the limit of this process's group where it has one."""
    free = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # ValueError: "max", no limit
        limit = int((group / "memory.max").read_text())
        free = min(free, limit - int((group / "memory.current").read_text()))
    return max(0, free)


def _no_worker(how: str) -> str:
    return (
        f"A worker process ended {how} before it began; what it said is above. A script that takes "
        'in several films at once is a file whose work stands under `if __name__ == "__main__":`, '
        "because each worker imports it. With jobs=1 there are no workers."
    )


class _Worker:
    """A worker process and the film it has."""

    def __init__(self, given: tuple[Any, ...]):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, *given), daemon=True)
        # Ctrl-C reaches every process of a terminal: this one alone acts on it and ends the others
        resource_tracker.ensure_running()  # its start unblocks the signal
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.index: int | None = None
        self.process = ""  # as leases name it; "" before it has begun

    def take_from(self, films: FilmQueue) -> None:
        """Begin the next film, where this worker has none and there is one."""
        if self.index is None and (index := films.next()) is not None:
            self.index = index
            with suppress(BrokenPipeError):  # it is dead; what it says next is nothing
                self.pipe.send(films.paths[index])

    def message(self) -> Any:
        """-> its process, once; a report, an error, `(what, done, of)`; None where it is dead."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            return None

    def let_go(self) -> int:
        """-> the number of the film that it had."""
        index, self.index = self.index, None
        assert index is not None, "a report is about a film"
        return index

    def how_it_ended(self) -> str:
        self._process.join(END_S)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"by {signal.Signals(-code).name}"
        return f"with exit code {code}"

    def end(self) -> None:
        """Let it go home."""
        with suppress(BrokenPipeError):
            self.pipe.send(None)
        self._process.join(END_S)
        self._close()

    def stop(self, store: Store) -> None:
        """End it where it is; what it committed is kept, and its film can be taken in."""
        self._process.kill()
        self._close()
        if self.process:
            with suppress(DatabaseError):  # the lease of a dead process is none, here at least
                store.end_leases(self.process)

    def _close(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self.pipe.close()


def _work(
    pipe: Connection, database: str, models: ModelSet, settings: Settings, threads: int
) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # several at once share the cores; read when a model is loaded, and by libraries on import
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    told_s = 0.0

    def tell(what: str, done: float, of: float) -> None:
        nonlocal told_s
        if time.monotonic() - told_s > TELL_S or done >= of:
            told_s = time.monotonic()
            pipe.send((what, done, of))

    with suppress(EOFError, BrokenPipeError):
        pipe.send(this_process())
        try:
            with open_store(database) as store:
                while (path := pipe.recv()) is not None:
                    pipe.send(ingest_one(store, models, path, settings=settings, progress=tell))
        except SvqaError as error:  # of the request, or of the database
            pipe.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "it was started by one"
    wait([parent.sentinel])
    os._exit(1)
