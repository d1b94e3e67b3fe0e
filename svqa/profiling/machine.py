"""This process and its GPUs -> bytes in use.

What a measurement says about the machine it ran on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Memory:
    """Resident memory of this process now, and the most it has ever been."""

    rss_bytes: int
    peak_bytes: int


@dataclass
class MemoryUse:
    """Resident memory before and after a block, and the most in between.

    `after_bytes` is None while the block runs.
    """

    before_bytes: int
    after_bytes: int | None = None
    peak_bytes: int = 0

    @property
    def grown_bytes(self) -> int:
        """What the block left behind; negative where it gave memory back."""
        if self.after_bytes is None:
            raise ValueError("the block still runs: read what it left behind after it")
        return self.after_bytes - self.before_bytes

    @property
    def peak_grown_bytes(self) -> int:
        """The most that the block held at once, above what was held before it."""
        return self.peak_bytes - self.before_bytes


@dataclass(frozen=True)
class Gpu:
    """One GPU: its share of time in use and its memory.

    The share is 0 to 1, None where the driver does not tell.
    """

    name: str
    utilization: float | None
    used_bytes: int
    total_bytes: int


class MemoryMeter:
    """Peaks of nested blocks, from the kernel's own high-water mark.

    So nothing between two samples is missed.

    Linux lets a process set its mark back (`/proc/self/clear_refs`, value 5: proc(5)); where it
    cannot be set back, the peak of a block is the process's peak if that rose, else the larger of
    before and after.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peak = 0  # the process's, which setting the mark back would lose
        self._open: list[MemoryUse] = []

    def now(self) -> Memory:
        """Memory at this moment."""
        with self._lock:
            self._note(resident_peak())
            return Memory(resident_bytes(), self._peak)

    @contextmanager
    def track(self) -> Iterator[MemoryUse]:
        """Measures the block; read the figures after it."""
        with self._lock:
            self._note(resident_peak())
            can_reset = _reset_peak()
            mark = resident_peak()
            use = MemoryUse(resident_bytes())
            self._open.append(use)
        try:
            yield use
        finally:
            with self._lock:
                peak = resident_peak()
                use.after_bytes = after = resident_bytes()
                self._note(peak if can_reset or peak > mark else 0)
                self._open.remove(use)
                use.peak_bytes = max(use.peak_bytes, use.before_bytes, after)
                self._note(use.peak_bytes)

    def _note(self, peak: int) -> None:
        self._peak = max(self._peak, peak)
        for use in self._open:
            use.peak_bytes = max(use.peak_bytes, peak)


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    import psutil

    return psutil.Process().memory_info().rss


def resident_peak() -> int:
    """The kernel's high-water mark of this process, in bytes."""
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def gpus() -> list[Gpu]:
    """The NVIDIA GPUs of this machine; empty where there is none, or no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no package, no library, no driver: for a measurement all of them mean none
        return []
    try:
        return [
            _gpu(pynvml, pynvml.nvmlDeviceGetHandleByIndex(i))
            for i in range(pynvml.nvmlDeviceGetCount())
        ]
    finally:
        pynvml.nvmlShutdown()


def describe_gpu() -> str:
    """One line for people: each GPU with its memory and use, or `none`.

    >>> describe_gpu()  # doctest: +SKIP
    'none'
    """
    found = gpus()
    return "; ".join(_in_words(gpu) for gpu in found) if found else "none"


def _gpu(nvml: Any, handle: Any) -> Gpu:
    memory, name = nvml.nvmlDeviceGetMemoryInfo(handle), nvml.nvmlDeviceGetName(handle)
    try:
        used = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except nvml.NVMLError:  # a slice of a GPU does not tell
        used = None
    return Gpu(
        name.decode() if isinstance(name, bytes) else name,
        used,
        int(memory.used),
        int(memory.total),
    )


def _in_words(gpu: Gpu) -> str:
    busy = "" if gpu.utilization is None else f", {gpu.utilization:.0%} busy"
    return f"{gpu.name}, {gpu.used_bytes / 2**30:.1f} of {gpu.total_bytes / 2**30:.1f} GiB{busy}"


def _reset_peak() -> bool:
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True
