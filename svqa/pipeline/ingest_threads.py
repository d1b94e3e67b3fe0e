"""Paths -> reports, several films at once: each in a thread, with one set of models.

What a GPU wants: one copy of the weights, and batches across films (`frame_batches`). Decoders are
processes all the same, one writes to the database at a time, and a lease lets one thread take a
film in. Only what ends the process itself, a fault in a model's native code, ends all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from svqa.database import Store
from svqa.models.zoo import ModelSet
from svqa.pipeline.film_queue import FilmQueue
from svqa.pipeline.frame_batches import SharedModels
from svqa.pipeline.ingest import IngestReport, ingest_one
from svqa.records import Progress
from svqa.settings import Settings


def ingest_in_threads(
    store: Store,
    models: ModelSet,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    jobs: int,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """One report a file, in the order of `paths`, as `ingest_many` gives them; `jobs` at a time.

    `progress` is called by the caller's thread. Whatever is raised, an interrupt too, is raised
    when every thread has ended: each does at its next step, and keeps what it committed.
    """
    films = FilmQueue(paths, most_deaths=1)
    shared = SharedModels(models)
    messages: SimpleQueue[tuple[int | None, Any]] = SimpleQueue()

    def tell(what: str, done: float, of: float) -> None:
        shared.films.check()
        messages.put((None, (what, done, of)))

    def take_in(index: int) -> None:
        came_of_it: IngestReport | BaseException
        try:
            path = films.paths[index]
            came_of_it = ingest_one(store, shared, path, settings=settings, progress=tell)
        except BaseException as error:
            came_of_it = error
        messages.put((index, came_of_it))

    with ThreadPoolExecutor(jobs, "svqa-film") as threads:
        try:
            while not films.done:
                while shared.films.at_work < jobs and (index := films.next()) is not None:
                    shared.films.at_work += 1
                    threads.submit(take_in, index)
                number, message = messages.get()
                if isinstance(message, BaseException):
                    raise message
                if number is not None:
                    shared.films.at_work -= 1
                    films.report(number, message)
                elif progress is not None:
                    progress(*message)
        except BaseException:
            shared.films.stopping = True
            raise
    return films.in_order()
