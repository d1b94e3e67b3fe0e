"""A sentence encoder -> the same, which remembers: for those who ask again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache

from svqa.models.base import TextEncoder

REMEMBERED = 4096


class RememberedTexts(TextEncoder):
    """The last few thousand different texts of an encoder cost nothing the second time.

    A row may differ in its last bit from the one that the encoder makes of the same text beside
    others, so an ingest, whose rows are kept, does without.
    """

    def __init__(self, encoder: TextEncoder):
        self._encoder = encoder
        self.model_id, self.dim = encoder.model_id, encoder.dim
        self._known: LRUCache[str, np.ndarray] = LRUCache(REMEMBERED)

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """-> (N, dim) float32, rows of length 1."""
        rows = {text: self._known[text] for text in dict.fromkeys(texts) if text in self._known}
        fresh = [text for text in dict.fromkeys(texts) if text not in rows]
        if fresh:
            rows.update(zip(fresh, self._encoder.encode_text(fresh), strict=True))
            self._known.update({text: rows[text] for text in fresh})
        return np.stack([rows[text] for text in texts]) if texts else self._encoder.encode_text([])
