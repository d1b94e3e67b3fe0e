"""Two pieces of work on one machine -> both done, at once where there are cores for both.

A network run by one thread leaves the other cores idle, and one run by all of them spends much on
waiting for its slowest thread: two networks, each with half of the threads, are done sooner. What
they compute does not depend on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """A piece of work that runs in a thread of its own while its maker goes on."""

    def __init__(self, work: Callable[[], T]):
        self._work = work
        self._future: Future[T] | None = None

    def result(self) -> T:
        """What it came to; it is done here and now where nothing ran beside. Raises what it did."""
        return self._work() if self._future is None else self._future.result()


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Beside[T]]:
    """Within the block `work` runs in another thread, with half of the threads for each.

    Left by an error or not, the block ends when `work` has ended. On one core it runs only when
    its result is asked for.

    >>> with beside(lambda: 6 * 7) as other:
    ...     mine = sum(range(10))
    >>> mine, other.result()
    (45, 42)
    """
    task = Beside(work)
    if _cores() < 2:
        yield task
        return
    with _half_of_the_threads(), ThreadPoolExecutor(1, "svqa-beside") as pool:
        task._future = pool.submit(work)
        yield task


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _half_of_the_threads() -> Iterator[None]:
    import cv2
    import torch

    torch_threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    try:
        torch.set_num_threads(max(1, torch_threads // 2))
        cv2.setNumThreads(max(1, cv2_threads // 2))
        yield
    finally:
        torch.set_num_threads(torch_threads)
        cv2.setNumThreads(cv2_threads)
