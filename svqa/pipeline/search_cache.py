"""What a library keeps between searches.

Vectors as float32, and the words of the searched videos with their index.

A searchable video never changes, so what was made from a table of the store is good as long as the
store hands out that table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache

from svqa.database import Store, VectorTable
from svqa.retrieval import Lexicon, widen

# of float32 in all; a table that takes more than half of it is read as float16, in blocks
KEPT_BYTES = 1 << 30
KEPT = 32  # things made from tables, at most: a small one takes as much of the room as this says
_NONE = -np.inf
T = TypeVar("T")


class SearchCache:
    """The last things made from the store's tables. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: LRUCache[tuple, tuple[VectorTable, Any]] = LRUCache(
            KEPT_BYTES,
            getsizeof=lambda kept: max(getattr(kept[1], "nbytes", 0), KEPT_BYTES // KEPT),
        )

    def floats(self, table: VectorTable) -> np.ndarray:
        """-> the table's `values (N, D)`, as float32 where that is worth its room."""
        if 4 * table.values.size > KEPT_BYTES // 2:
            return table.values
        return self._keep("floats", table, lambda: widen(table.values))

    def words(self, store: Store, moments: VectorTable, videos: Sequence[str]) -> PassageIndex:
        """-> what was written and said in these moments."""
        return self._keep("words", moments, lambda: PassageIndex(store, moments, videos))

    def _keep(self, name: str, table: VectorTable, make: Callable[[], T]) -> T:
        # the table is kept beside what was made of it, so no other can have its id
        key = (name, id(table))
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                return kept[1]
        made = make()
        with self._lock:
            self._kept[key] = (table, made)
        return made


class PassageIndex:
    """The captions and utterances of the searched videos.

    Each in the moment that holds its middle.
    """

    def __init__(self, store: Store, moments: VectorTable, videos: Sequence[str]):
        self.passages = store.passages(videos=videos)
        self.lexicon = Lexicon([p.text for p in self.passages])
        self._number = {
            video: i for i, video in enumerate(dict.fromkeys(moments.video_ids.tolist()))
        }
        keys = self._keys(moments.video_ids.tolist(), moments.spans[:, 0])
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]
        spans = np.array([(p.start_s, p.end_s) for p in self.passages]).reshape(-1, 2)
        self._moment_of = self._find([p.video for p in self.passages], spans)
        self._by_moment = np.argsort(self._moment_of, kind="stable")
        self._owners: dict[str, tuple[VectorTable, np.ndarray]] = {}

    def best_by_moment(self, modality: str, table: VectorTable, scores: np.ndarray) -> np.ndarray:
        """(N,) scores of a table's rows -> (M,) the best score in each moment.

        -inf where there are none.
        """
        kept = self._owners.get(modality)
        if kept is None or kept[0] is not table:
            kept = table, self._find(table.video_ids.tolist(), table.spans)
            self._owners[modality] = kept
        return self._best(kept[1], scores)

    def lexical(self, text: str) -> np.ndarray:
        """(M,) best BM25 score in each moment; -inf where no word is shared."""
        scores = self.lexicon.scores(text)
        return self._best(self._moment_of, np.where(scores > 0, scores, _NONE))

    def at(self, moment: int, kind: str) -> str:
        """What was written or said in a moment, the words of `kind` first."""
        first, last = (
            np.searchsorted(self._moment_of, moment, side=side, sorter=self._by_moment)
            for side in ("left", "right")
        )
        here = [self.passages[i] for i in self._by_moment[first:last]]
        here.sort(key=lambda p: (p.kind != kind, p.start_s))
        return here[0].text if here else ""

    def _best(self, owners: np.ndarray, scores: np.ndarray) -> np.ndarray:
        best = np.full(len(self._sorted), _NONE)
        if len(scores):
            np.maximum.at(best, owners, scores)
        return best

    def _keys(self, video_ids: Sequence[str], times_s: np.ndarray) -> np.ndarray:
        return np.array([self._number.get(v, -1) for v in video_ids]) * 1e7 + times_s

    def _find(self, video_ids: Sequence[str], spans: np.ndarray) -> np.ndarray:
        """(N, 2) spans -> (N,) the moment that holds the middle of each."""
        at = (
            np.searchsorted(self._sorted, self._keys(video_ids, spans.mean(axis=1)), side="right")
            - 1
        )
        return self._order[np.maximum(at, 0)]
