"""Blocks of work -> seconds by operation, over all threads of a process."""

from __future__ import annotations

import functools
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Timing:
    """How long an operation took over all its calls.

    `items`: what it worked on, where that was told.
    """

    operation: str
    calls: int
    total_s: float
    min_s: float
    max_s: float
    items: int = 0

    @property
    def mean_s(self) -> float:
        """Seconds a call."""
        return self.total_s / self.calls

    @property
    def items_per_s(self) -> float | None:
        """Throughput; None where no items were told."""
        return self.items / self.total_s if self.items and self.total_s > 0 else None


class Timings:
    """The books: each thread writes its own, reading adds them up; a forked child's are empty.

    >>> timings = Timings()
    >>> with timings.track("decode"):
    ...     pass
    >>> timings.read()["decode"].calls
    1
    """

    def __init__(self) -> None:
        self.reset()
        _OPEN.add(self)

    def track(self, operation: str) -> Timer:
        """A context manager, and a decorator, that books its wall seconds.

        Nested ones under `outer/inner`.
        """
        return Timer(self, operation)

    def read(self) -> dict[str, Timing]:
        """Everything booked so far, by operation."""
        with self._lock:
            books = [dict(book) for book in self._books]
        found: dict[str, Timing] = {}
        for book in books:
            for name, (calls, total_s, min_s, max_s, items) in book.items():
                found[name] = _together(
                    found.get(name), Timing(name, calls, total_s, min_s, max_s, items)
                )
        return found

    def merge(self, timings: Mapping[str, Timing]) -> None:
        """Adds what another process booked."""
        self._add(
            {name: [t.calls, t.total_s, t.min_s, t.max_s, t.items] for name, t in timings.items()}
        )

    def reset(self) -> None:
        """Forgets everything."""
        # in a forked child the parent's may be held by a thread that is not there
        self._lock = threading.Lock()
        self._books: list[dict[str, list]] = []
        self._local = threading.local()

    def _add(self, book: dict[str, list]) -> None:
        with self._lock:
            self._books.append(book)


class Timer:
    """One block's time; `items` may be set inside, for the throughput."""

    __slots__ = ("_begin", "_local", "_path", "_timings", "items", "operation", "seconds")

    def __init__(self, timings: Timings, operation: str):
        self._timings, self.operation, self.items = timings, operation, 0
        self.seconds: float | None = None

    def __enter__(self) -> Timer:
        local = self._timings._local
        try:
            path = local.path
        except AttributeError:
            path, local.book = (), {}
            self._timings._add(local.book)
        # kept, so that a reset in between does no harm
        self._local, self._path = local, (*path, self.operation)
        local.path = self._path
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.seconds = seconds = time.perf_counter() - self._begin
        self._local.path = self._path[:-1]
        book = self._local.book
        name = "/".join(self._path)
        row = book.get(name)
        if row is None:
            book[name] = [1, seconds, seconds, seconds, self.items]
            return
        row[0] += 1
        row[1] += seconds
        if seconds < row[2]:
            row[2] = seconds
        if seconds > row[3]:
            row[3] = seconds
        row[4] += self.items

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Timer(self._timings, self.operation):
                return function(*args, **kwargs)

        return timed


def _together(a: Timing | None, b: Timing) -> Timing:
    if a is None:
        return b
    return Timing(
        a.operation,
        a.calls + b.calls,
        a.total_s + b.total_s,
        min(a.min_s, b.min_s),
        max(a.max_s, b.max_s),
        a.items + b.items,
    )


# every `Timings` in use, so that one hook serves them all and none outlives its owner
_OPEN: weakref.WeakSet[Timings] = weakref.WeakSet()


def _start_empty() -> None:
    for timings in list(_OPEN):
        timings.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_empty)
