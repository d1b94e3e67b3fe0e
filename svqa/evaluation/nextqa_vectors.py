"""Sentences -> the vectors an encoder made of them before, kept on disk.

A benchmark's captions are read once.

Kept is what one call returned, by the model and the texts of that call, in float32 with its
checksum: given back bit for bit, or, where a byte of it is wrong, computed again. The texts
themselves are not kept.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from svqa.errors import UsageError
from svqa.models.base import TextEncoder
from svqa.models.disk_cache import DiskCache
from svqa.models.remembered_texts import RememberedTexts
from svqa.models.zoo import load_set

KEPT_BYTES = 1 << 30  # of vectors that are kept between runs
_SUM_BYTES = 16


class KeptSentences(TextEncoder):
    """An encoder of sentences with the same vectors and `model_id`, that asks `cache` first.

    >>> from tempfile import mkdtemp
    >>> kept = KeptSentences(encoder, DiskCache(mkdtemp()))  # doctest: +SKIP
    """

    def __init__(self, encoder: TextEncoder, cache: DiskCache):
        self._encoder, self._cache = encoder, cache
        self.model_id, self.dim = encoder.model_id, encoder.dim

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """-> (N, dim) float32, rows of length 1, exactly as the encoder gives them."""
        texts = list(texts)
        if not texts:
            return self._encoder.encode_text(texts)
        key = self._key(texts)
        vectors = self._unpacked(self._cache.get(key), len(texts))
        if vectors is None:
            vectors = self._encoder.encode_text(texts)
            with suppress(OSError):  # a full disk costs time, not the result
                self._cache.put(key, _packed(vectors))
        return vectors

    def _key(self, texts: list[str]) -> str:
        # ASCII, with every text's end: no two lists are one
        said = json.dumps([self.model_id, self.dim, texts])
        return hashlib.sha256(said.encode()).hexdigest()

    def _unpacked(self, packed: np.ndarray | None, rows: int) -> np.ndarray | None:
        if (
            packed is None
            or packed.dtype != np.uint8
            or packed.shape != (_SUM_BYTES + 4 * rows * self.dim,)
        ):
            return None
        sum_, data = packed[:_SUM_BYTES].tobytes(), packed[_SUM_BYTES:].tobytes()
        if sum_ != _checksum(data):
            return None
        # a caller may write to what it is given
        return np.frombuffer(data, np.float32).reshape(rows, self.dim).copy()


def sentence_encoder(models: str = "offline") -> TextEncoder:
    """The set's encoder of sentences with what it made before, from the platform's cache folder.

    Where that cannot be written to it says so on stderr and keeps nothing. Raises UsageError for a
    set without one.
    """
    import platformdirs

    encoder = load_set(models).sentences
    if encoder is None:
        raise UsageError(f"The set '{models}' has no encoder of sentences. Try --models offline.")
    folder = platformdirs.user_cache_path("svqa") / "sentences"
    try:
        return KeptSentences(RememberedTexts(encoder), DiskCache(folder, KEPT_BYTES))
    except OSError as error:
        print(f"Sentence vectors are not kept, {folder} cannot be used: {error}", file=sys.stderr)
        return RememberedTexts(encoder)


def _packed(vectors: np.ndarray) -> np.ndarray:
    data = np.ascontiguousarray(vectors, np.float32).tobytes()
    return np.frombuffer(_checksum(data) + data, np.uint8)


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SUM_BYTES).digest()
