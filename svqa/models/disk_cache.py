"""Key -> array on disk, under a budget: what was computed once is not computed again.

Own code on purpose: the library for this, diskcache, unpickles what lies in its folder and has an
open vulnerability for it (CVE-2025-69872); a `.npy` file is read without pickle.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

DEFAULT_BYTES = 20 * 2**30
# a draft that nobody has finished for so long belongs to a run that was killed
ABANDONED_S = 3600.0


class DiskCache:
    """Arrays by key in a folder of `.npy` files of at most `max_bytes` together.

    What other runs left and nobody touched for longest goes first. What this run has read or
    written stays: where there is no room for more, `put` keeps nothing and says so, and the caller
    computes again. A file appears whole or not at all, so that a killed run leaves nothing broken;
    its unfinished draft is taken away by a later run.

    >>> cache = DiskCache(tempfile.mkdtemp(), max_bytes=1000)
    >>> cache.put("a", np.arange(3)), cache.get("a"), cache.get("b") is None
    (True, array([0, 1, 2]), True)
    """

    def __init__(self, folder: str | Path, max_bytes: int = DEFAULT_BYTES):
        self.folder, self.max_bytes = Path(folder), max_bytes
        self.folder.mkdir(parents=True, exist_ok=True)
        for draft in self.folder.glob("*.part"):
            with suppress(FileNotFoundError):  # another process has finished it
                if time.time() - draft.stat().st_mtime > ABANDONED_S:
                    draft.unlink()
        self.hits = self.misses = 0
        self._sizes = {p.name: p.stat().st_size for p in self.folder.glob("*.npy")}
        self.size_bytes = sum(self._sizes.values())
        self._mine: set[str] = set()

    def get(self, key: str) -> np.ndarray | None:
        """The array kept for the key, None where there is none or it cannot be read."""
        path = self._path(key)
        try:
            array = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            self.misses += 1
            return None
        self.hits += 1
        if path.name not in self._mine:
            os.utime(path)
            self._mine.add(path.name)
        return array

    def put(self, key: str, array: np.ndarray) -> bool:
        """Keep the array; -> whether there was room."""
        path = self._path(key)
        if not self._make_room(array.nbytes + 256 - self._sizes.get(path.name, 0)):
            return False
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as draft:
            np.save(draft, array, allow_pickle=False)
        os.replace(draft.name, path)
        self.size_bytes += path.stat().st_size - self._sizes.get(path.name, 0)
        self._sizes[path.name] = path.stat().st_size
        self._mine.add(path.name)
        return True

    def _make_room(self, more_bytes: int) -> bool:
        if self.size_bytes + more_bytes <= self.max_bytes:
            return True
        others = [self.folder / name for name in self._sizes if name not in self._mine]
        for path in sorted((p for p in others if p.exists()), key=lambda p: p.stat().st_mtime):
            path.unlink(missing_ok=True)
            self.size_bytes -= self._sizes.pop(path.name)
            if self.size_bytes + more_bytes <= self.max_bytes:
                return True
        return False

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"
