"""Very many texts of films -> an index in a folder, of which a query reads what it needs.

The index is that of `bm25s`: per word the texts that have it, in arrays that the system maps into
memory. A query of a few words over a million texts reads a few kilobytes of it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from svqa.retrieval.lexical import K1, B, WordCounts, words_of

_OWNERS, _FIRST, _MEAN = "owners.npy", "first.npy", "mean_words.json"


class KeptLexicon:
    """The words of many owners' texts, as they were when the index was built.

    `counts` is how often each word is used; `owners` are sorted as they came.
    """

    def __init__(self, folder: Path):
        import bm25s

        self._index = bm25s.BM25.load(str(folder), mmap=True, show_progress=False)
        self.owners: list[str] = np.load(folder / _OWNERS).tolist()
        self._first = np.load(folder / _FIRST)
        of = np.diff(self._index.scores["indptr"]).tolist()
        holding = {w: of[i] for w, i in self._index.vocab_dict.items() if i < len(of)}
        mean = json.loads((folder / _MEAN).read_text(encoding="utf-8"))
        self.counts = WordCounts(int(self._index.scores["num_docs"]), mean, holding)

    @classmethod
    def build(cls, folder: Path, texts: Iterable[tuple[str, str]]) -> KeptLexicon | None:
        """Write the index of `(owner, text)` pairs, those of an owner together, and load it.

        What was in the folder is replaced once the new one is whole. None is made, and what was
        there goes, where no text has a word.
        """
        import bm25s
        from bm25s.tokenization import Tokenized

        numbers: dict[str, int] = {}
        ids: list[list[int]] = []
        owners: list[str] = []
        first: list[int] = []
        for owner, text in texts:
            if not owners or owners[-1] != owner:
                owners.append(owner)
                first.append(len(ids))
            ids.append([numbers.setdefault(word, len(numbers)) for word in words_of(text)])
        if not numbers:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        index = bm25s.BM25(method="lucene", k1=K1, b=B)
        index.index(Tokenized(ids=ids, vocab=numbers), show_progress=False)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
        try:
            index.save(str(made), show_progress=False)
            np.save(made / _OWNERS, np.array(owners, dtype=str))
            np.save(made / _FIRST, np.array(first, np.int64))
            mean = sum(map(len, ids)) / max(1, len(ids))
            (made / _MEAN).write_text(json.dumps(mean), encoding="utf-8")
            kept = cls(made)
            _replace(folder, made)
        finally:
            shutil.rmtree(made, ignore_errors=True)  # where it could not take its place
        return kept

    def best_owners(self, query: str, wanted: set[str], depth: int) -> list[str]:
        """-> the owners, among those wanted, of the texts that fit best: `depth` at most."""
        known = [w for w in dict.fromkeys(words_of(query)) if w in self._index.vocab_dict]
        if not known or not self.owners:
            return []
        scores = np.asarray(self._index.get_scores(known))
        best = np.maximum.reduceat(scores, self._first)
        order = np.argsort(-best, kind="stable")
        order = order[: int(np.count_nonzero(best > 0))]
        found: list[str] = []
        for i in order.tolist():
            if self.owners[i] in wanted:
                found.append(self.owners[i])
                if len(found) == depth:
                    break
        return found


def _replace(folder: Path, made: Path) -> None:
    """`made` takes the place of a folder, in which another process may do the same."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)  # who has it open keeps what is mapped
        try:
            os.rename(made, folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    raise OSError(errno.EBUSY, f"{folder} is replaced by others again and again")
