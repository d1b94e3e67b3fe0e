"""Frame -> what a model computed from it before: an LRU with a byte budget."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache

if TYPE_CHECKING:
    import torch

DEFAULT_BYTES = 512 * 2**20


class FrameCache:
    """Tensors by (model, frame content); the least recently used go first at `max_bytes`.

    A value larger than the whole budget is not kept. `hits` and `misses` count lookups. Safe to
    share between threads.

    >>> cache = FrameCache(max_bytes=0)
    >>> cache.get(("model", "frame")) is None, cache.misses
    (True, 1)
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES):
        self.hits = self.misses = 0
        self._lock = Lock()
        self._kept: LRUCache[tuple[str, str], torch.Tensor] = LRUCache(
            max_bytes, getsizeof=lambda value: value.nbytes
        )

    @property
    def max_bytes(self) -> int:
        """The budget."""
        return int(self._kept.maxsize)

    @property
    def size_bytes(self) -> int:
        """What is used of it."""
        return int(self._kept.currsize)

    def get(self, key: tuple[str, str]) -> torch.Tensor | None:
        """The tensor kept for (model id, frame key), None if there is none."""
        with self._lock:
            value = self._kept.get(key)
            self.hits, self.misses = self.hits + (value is not None), self.misses + (value is None)
            return value

    def put(self, key: tuple[str, str], value: torch.Tensor) -> None:
        """Keep `value`, and drop what was not used for longest until the budget holds."""
        if value.nbytes <= self.max_bytes:
            with self._lock:
                self._kept[key] = value

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return (
            f"FrameCache({len(self)} frames, {self.size_bytes / 2**20:.1f} of "
            f"{self.max_bytes / 2**20:.0f} MiB)"
        )


def frame_key(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 -> a name for its content, whatever file or second it comes from."""
    digest = hashlib.blake2b(str(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def frame_keys(pixels: Iterable[np.ndarray]) -> list[str]:
    """Pictures -> the `frame_key` of each; one that comes again as the same array is read once."""
    pictures = list(pixels)
    keys = {number: frame_key(picture) for number, picture in {id(p): p for p in pictures}.items()}
    return [keys[id(picture)] for picture in pictures]
