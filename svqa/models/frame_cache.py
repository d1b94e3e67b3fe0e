"""Frame -> what a model computed from it before: an LRU with a byte budget."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

DEFAULT_BYTES = 512 * 2**20


class FrameCache:
    """Tensors by (model, frame content); the least recently used go first when `max_bytes` are
    full.

    A value larger than the whole budget is not kept. `hits` and `misses` count lookups.

    >>> cache = FrameCache(max_bytes=0)
    >>> cache.get(("model", "frame")) is None, cache.misses
    (True, 1)
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES):
        self.max_bytes, self.size_bytes = max_bytes, 0
        self.hits = self.misses = 0
        self._kept: OrderedDict[tuple[str, str], torch.Tensor] = OrderedDict()

    def get(self, key: tuple[str, str]) -> torch.Tensor | None:
        """The tensor kept for (model id, frame key), None if there is none."""
        if key not in self._kept:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: tuple[str, str], value: torch.Tensor) -> None:
        """Keep `value`, and drop what was not used for longest until the budget holds."""
        if key in self._kept:
            self.size_bytes -= self._kept.pop(key).nbytes
        if value.nbytes > self.max_bytes:
            return
        self._kept[key] = value
        self.size_bytes += value.nbytes
        while self.size_bytes > self.max_bytes:
            self.size_bytes -= self._kept.popitem(last=False)[1].nbytes

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return (
            f"FrameCache({len(self)} frames, {self.size_bytes / 2**20:.1f} of "
            f"{self.max_bytes / 2**20:.0f} MiB)"
        )


def frame_key(pixels: np.ndarray) -> str:
    """(H, W, 3) uint8 -> a name for its content: equal pixels, equal key, whatever file or second
    they come from.
    """
    digest = hashlib.blake2b(str(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
