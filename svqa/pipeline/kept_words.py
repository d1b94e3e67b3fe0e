"""The words of a large library -> an index on this machine's disk, and the films a query names.

`svqa db index` builds it. Films that were taken in since are looked through in memory, by the same
weights, until it is built again; films that are gone are passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from svqa.database import Store, newest_per_file
from svqa.records import Evidence, Progress
from svqa.retrieval import KeptLexicon, Lexicon

FILMS = 200  # whose words are read at a time


def folder_of(store: Store) -> Path:
    """-> where this machine keeps the words of a database."""
    name = hashlib.sha256(store.url.encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("svqa") / "words" / name


def build_words(store: Store, progress: Progress | None = None) -> int:
    """Index what was written, said and read in all films -> how many texts.

    Replaces the last one. 0, and no index, where no text has a word.
    """
    films = [video.id for video in newest_per_file(store.videos())]

    def texts() -> Iterator[tuple[str, str]]:
        for at in range(0, len(films), FILMS):
            for passage in store.passages(videos=films[at : at + FILMS]):
                yield passage.video, passage.text
            if progress is not None:
                progress("words", min(at + FILMS, len(films)), len(films))

    index = KeptLexicon.build(folder_of(store), texts())
    return index.counts.texts if index else 0


def kept_words(store: Store, last: KeptWords | None = None) -> KeptWords | None:
    """-> the index of this database; None where this machine has none that can be read.

    `last`, where it is still the one that is kept.
    """
    folder = folder_of(store)
    for _ in range(3):
        try:
            made = folder.stat().st_ino
            if last is not None and last.made == made:
                return last
            words = KeptWords(KeptLexicon(folder), made)
            if folder.stat().st_ino == made:  # else it was replaced while it was read
                return words
        except (OSError, ValueError, KeyError):
            continue
    return None


@dataclass
class KeptWords:
    """An index, and the films that came after it: `_late` are their ids, passages and lexicon.

    `made` tells one index of a folder from the next.
    """

    lexicon: KeptLexicon
    made: int
    _late: tuple[tuple[str, ...], Sequence[Evidence], Lexicon] | None = None

    def __post_init__(self) -> None:
        self._indexed = frozenset(self.lexicon.owners)

    def films(self, store: Store, text: str, videos: Sequence[str], depth: int) -> list[str]:
        """-> those of the videos whose words fit best: `depth` of the index, and `depth` later."""
        found = self.lexicon.best_owners(text, set(videos), depth)
        late = tuple(video for video in videos if video not in self._indexed)
        return [*found, *(self._of_late(store, late, text, depth) if late else ())]

    def _of_late(self, store: Store, late: tuple[str, ...], text: str, depth: int) -> list[str]:
        kept = self._late  # another thread may put others there meanwhile
        if kept is None or kept[0] != late:
            told = store.passages(videos=late)
            kept = late, told, Lexicon([p.text for p in told], self.lexicon.counts)
            self._late = kept
        _, passages, lexicon = kept
        scores = lexicon.scores(text)
        order = np.argsort(-scores, kind="stable").tolist()
        return list(dict.fromkeys(passages[i].video for i in order if scores[i] > 0))[:depth]
