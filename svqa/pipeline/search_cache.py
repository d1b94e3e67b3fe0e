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
from svqa.models.base import TextEncoder
from svqa.pipeline.kept_words import KeptWords, kept_words
from svqa.retrieval import Lexicon, WordCounts, widen

# of float32 in all; a table that takes more than half of it is read as float16, in blocks
KEPT_BYTES = 1 << 30
QUERIES = 256  # vectors of what was searched for
KEPT = 32  # things made from tables, at most: a small one takes as much of the room as this says
_NONE = -np.inf
_INSTANT_S = 1e-3  # what ends where a moment begins is not in it
T = TypeVar("T")


class SearchCache:
    """The last things made from the store's tables. Safe to share between threads.

    `counts`: how rare words are, where the videos searched are not the whole library.
    """

    _library_words: KeptWords | None

    def __init__(self, counts: WordCounts | None = None) -> None:
        self._lock = threading.Lock()
        self.counts, self._library_words = counts, None
        self._ids: tuple[tuple, list[str]] | None = None
        self._kept: LRUCache[tuple, tuple[VectorTable, Any]] = LRUCache(
            KEPT_BYTES,
            getsizeof=lambda kept: max(getattr(kept[1], "nbytes", 0), KEPT_BYTES // KEPT),
        )
        self._queries: LRUCache[tuple[str, str], np.ndarray] = LRUCache(QUERIES)

    def query(self, encoder: TextEncoder, text: str) -> np.ndarray:
        """-> (D,) the vector of what is searched for, which a question asks for several times."""
        key = (encoder.model_id, text)
        with self._lock:
            if (kept := self._queries.get(key)) is not None:
                return kept
        made = encoder.encode_text([text])[0]
        with self._lock:
            self._queries[key] = made
        return made

    def ids(self, store: Store, find: Callable[[], list[str]]) -> list[str]:
        """-> what `find` gives of a library; found again where a video came or went since."""
        state = store.library_state()
        if self._ids is None or self._ids[0] != (store.url, state):
            self._ids = (store.url, state), find()
        return self._ids[1]

    def floats(self, table: VectorTable) -> np.ndarray:
        """-> the table's `values (N, D)`, as float32 where that is worth its room."""
        if 4 * table.values.size > KEPT_BYTES // 2:
            return table.values
        return self._keep("floats", table, lambda: widen(table.values))

    def words(self, store: Store, moments: VectorTable, videos: Sequence[str]) -> PassageIndex:
        """-> what was written and said in these moments."""
        return self._keep(
            "words", moments, lambda: PassageIndex(store, moments, videos, self.counts)
        )

    def library_words(self, store: Store) -> KeptWords | None:
        """-> the index of the words of a large library, where `svqa db index` has made one."""
        with self._lock:
            self._library_words = kept_words(store, self._library_words)
            return self._library_words

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
    """The words of the searched videos, by moment.

    Captions and utterances are in the moment that holds their middle, text of the picture in every
    moment in which it can be read.
    """

    def __init__(
        self,
        store: Store,
        moments: VectorTable,
        videos: Sequence[str],
        counts: WordCounts | None = None,
    ):
        self.passages = store.passages(videos=videos)
        self.lexicon = Lexicon([p.text for p in self.passages], counts)
        self._number = {
            video: i for i, video in enumerate(dict.fromkeys(moments.video_ids.tolist()))
        }
        keys = self._keys(moments.video_ids.tolist(), moments.spans[:, 0])
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]
        spans = np.array([(p.start_s, p.end_s) for p in self.passages]).reshape(-1, 2)
        # (P,) pairs of a passage and a moment that has it, in the passages' order
        self._passage_of, self._moment_of = self._place(spans)
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
        scores = self.lexicon.scores(text)[self._passage_of]
        return self._best(self._moment_of, np.where(scores > 0, scores, _NONE))

    def at(self, moment: int, kind: str) -> str:
        """What was written, said or read in a moment: the first words of `kind`, else of another.

        Of the picture's text, which is there all at once, everything.
        """
        first, last = (
            np.searchsorted(self._moment_of, moment, side=side, sorter=self._by_moment)
            for side in ("left", "right")
        )
        here = [self.passages[self._passage_of[i]] for i in self._by_moment[first:last]]
        here.sort(key=lambda p: (p.kind != kind, p.kind == "text", p.start_s))
        if kind == "text":
            return "\n".join(p.text for p in here if p.kind == kind)
        return here[0].text if here else ""

    def _best(self, owners: np.ndarray, scores: np.ndarray) -> np.ndarray:
        best = np.full(len(self._sorted), _NONE)
        if len(scores):
            np.maximum.at(best, owners, scores)
        return best

    def _keys(self, video_ids: Sequence[str], times_s: np.ndarray) -> np.ndarray:
        return np.array([self._number.get(v, -1) for v in video_ids]) * 1e7 + times_s

    def _place(self, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 2) spans of the passages -> pairs of a passage and a moment."""
        names = [p.video for p in self.passages]
        first = self._rank(names, spans.mean(axis=1))
        last = first.copy()
        shown = np.flatnonzero([p.kind == "text" for p in self.passages])
        ids = [names[i] for i in shown]
        first[shown] = self._rank(ids, spans[shown, 0])
        last[shown] = np.maximum(self._rank(ids, spans[shown, 1] - _INSTANT_S), first[shown])
        counts = last - first + 1
        passages = np.repeat(np.arange(len(names)), counts)
        ranks = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
        return passages, self._order[ranks]

    def _find(self, video_ids: Sequence[str], spans: np.ndarray) -> np.ndarray:
        """(N, 2) spans -> (N,) the moment that holds the middle of each."""
        return self._order[self._rank(video_ids, spans.mean(axis=1))]

    def _rank(self, video_ids: Sequence[str], times_s: np.ndarray) -> np.ndarray:
        """(N,) seconds -> (N,) how many moments, in order, come before the one that holds each."""
        at = np.searchsorted(self._sorted, self._keys(video_ids, times_s), side="right") - 1
        return np.maximum(at, 0)
