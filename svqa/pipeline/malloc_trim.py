"""Memory freed but kept by the allocator -> back to the system.

So a long video needs no more than a short one.

Tensors, sound and decoded frames of changing sizes, freed on several threads, leave glibc's arenas
with holes that it keeps: over an hour of video these grow past what any one chunk ever held
(mallopt(3), malloc_trim(3)). Elsewhere than on glibc both functions do nothing.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of malloc.h
# what one batch of the classifier needs stays below: it is reused, not asked for again
LARGE_BYTES = 4 << 20
KEPT_BYTES = 512 << 20
# each chunk starts threads: glibc would give them eight arenas a core, each with its own holes
ARENAS = 2


@cache
def map_large_blocks() -> None:
    """Let blocks of 4 MiB and more come from the system and go straight back; two arenas for all.

    For the whole process, once.

    Trimming is left to `give_back_memory`: at glibc's own threshold every other call would trim,
    which costs a sixth of an ingest. Who set `MALLOC_MMAP_THRESHOLD_` keeps it, and
    so does who set `MALLOC_ARENA_MAX`.
    """
    if not (libc := _glibc()):
        return
    if "MALLOC_ARENA_MAX" not in os.environ:
        libc.mallopt(M_ARENA_MAX, ARENAS)
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back_memory() -> None:
    """Ask the C library to return free pages; a few milliseconds."""
    if libc := _glibc():
        libc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
