"""Memory freed but kept by the allocator -> back to the system, so that a long video needs no more than a short one."""
from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable


def give_back_memory() -> None:
    """Ask the C library to return free pages; a few milliseconds. Does nothing where it is not glibc.

    Tensors, sound and decoded frames of changing sizes, freed on several threads, leave glibc's arenas with holes that
    it keeps: over an hour of video these grow past what any one chunk ever held (malloc_trim(3)).
    """
    if trim := _trimmer():
        trim(0)


def _trimmer() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
