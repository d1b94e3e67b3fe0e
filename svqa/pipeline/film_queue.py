"""Films, and the processes that take them in -> which film is next, and a report for each."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from svqa.errors import IngestCrashed
from svqa.pipeline.ingest import IngestReport, failed


class FilmQueue:
    """What is to be taken in, what is being taken in, and what came of it.

    A film is known by its place in `paths`. One of which `most_deaths` processes died is refused.
    """

    def __init__(self, paths: Sequence[str | Path], most_deaths: int):
        self.paths = [str(path) for path in paths]
        self.todo = list(range(len(paths)))
        self.reports: dict[int, IngestReport] = {}
        self._begun: dict[int, float] = {}
        self._going_on: set[int] = set()
        self._deaths: Counter[int] = Counter()
        self._most_deaths = most_deaths

    @property
    def done(self) -> bool:
        """Whether there is a report for every film."""
        return len(self.reports) == len(self.paths)

    def next(self) -> int | None:
        """-> the next film; one that is being taken in already, by another name, has to wait."""
        files = {self._file(index) for index in self._going_on}
        for index in self.todo:
            if self._file(index) not in files:
                self.todo.remove(index)
                self._going_on.add(index)
                self._begun.setdefault(index, time.perf_counter())
                return index
        return None

    def report(self, index: int, report: IngestReport) -> None:
        """This came of a film."""
        self._going_on.discard(index)
        self.reports[index] = report

    def again(self, index: int) -> None:
        """A film was let go, by no fault of its own: it is next."""
        self._going_on.discard(index)
        self.todo.insert(0, index)

    def died(self, index: int, how: str) -> None:
        """A process died at a film, which is tried again or refused."""
        self.again(index)
        self._deaths[index] += 1
        if self._deaths[index] >= self._most_deaths:
            self.todo.remove(index)
            error = _crashed(self.paths[index], self._deaths[index], how)
            self.reports[index] = failed(self.paths[index], error, self._begun[index])

    def in_order(self) -> list[IngestReport]:
        """-> a report a film, once all are done."""
        return [self.reports[index] for index in range(len(self.paths))]

    def _file(self, index: int) -> str:
        return os.path.realpath(self.paths[index])


def _crashed(path: str, times: int, how: str) -> IngestCrashed:
    return IngestCrashed(
        f"The process that took '{path}' in died {times} times, at last {how}. Where memory ran "
        "out, give --jobs 1; else please report it with the file. What was committed is kept."
    )
