"""Two pieces of work on one machine -> both done, at once where there are cores for both.

A network run by one thread leaves the other cores idle, and one run by all of them spends much on
waiting for its slowest thread: two networks, each with half of the threads, are done sooner. How
many threads add numbers up shows in the last digits of what they compute, and nowhere else.
"""

from __future__ import annotations

import os
import threading
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
    if cores() < 2:
        yield task
        return
    with _half_of_the_threads() as of_torch, ThreadPoolExecutor(1, "svqa-beside") as pool:
        task._future = pool.submit(_with_threads, of_torch, work)
        yield task


def cores() -> int:
    """-> the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_halving = threading.Lock()
_halved = 0  # blocks that are being run, in whichever threads
_whole = 1, 1  # threads of torch and of OpenCV, as they were before the first of these


@contextmanager
def _half_of_the_threads() -> Iterator[int]:
    """-> torch's threads within. Blocks may overlap: none takes the half of another for the whole.

    torch's number is that of the thread that sets it, OpenCV's the process's.
    """
    import cv2
    import torch

    global _halved, _whole
    with _halving:
        if not _halved:
            _whole = torch.get_num_threads(), cv2.getNumThreads()
        _halved += 1
        of_torch, of_cv2 = (max(1, threads // 2) for threads in _whole)
        cv2.setNumThreads(of_cv2)
    _set_torch_threads(of_torch)
    try:
        yield of_torch
    finally:
        with _halving:
            _halved -= 1
            whole = _whole
            if not _halved:
                cv2.setNumThreads(whole[1])
        _set_torch_threads(whole[0])


def _with_threads(of_torch: int, work: Callable[[], T]) -> T:
    _set_torch_threads(of_torch)
    return work()


def _set_torch_threads(number: int) -> None:
    import torch

    torch.get_num_threads()  # the first look of a thread would undo what was set before it
    torch.set_num_threads(number)
