"""Frames and sentences -> unit vectors in one space, with nothing trained on pairs: ConSE.

Norouzi et al. 2014 (arXiv:1312.5650): a frame's vector is the mean of the sentence vectors of its
likeliest labels, weighted by their probabilities. A query is encoded as the sentence it is.
`experiments/conse_tuning/run.py` compared the settings below with others; `docs/offline-models.md`
has the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load

from svqa.language.caption_templates import with_article
from svqa.models.base import Encoder, TextEncoder
from svqa.models.imagenet import ImageNetTagger
from svqa.models.labels import Label
from svqa.models.minilm import MiniLM

if TYPE_CHECKING:
    import torch

TOP_K = 50
TEMPERATURE = 2.0
RECIPE = 1


class ConseEncoder(Encoder):
    """A classifier's labels read by a sentence encoder.

    Pictures and text as 384 numbers of length 1.

    >>> encoder = ConseEncoder.from_pretrained()
    >>> seen = encoder.encode_frames(frames.pixels)  # doctest: +SKIP
    >>> scores = seen @ encoder.encode_text(["a bear"])[0]  # doctest: +SKIP
    """

    dim = MiniLM.dim

    def __init__(self, tagger: ImageNetTagger, sentences: TextEncoder):
        self._tagger = tagger
        self._sentences = sentences
        self.model_id = f"conse-{tagger.model_id.split('@')[0]}-minilm@{RECIPE}"

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> ConseEncoder:
        """`path_or_id` names the classifier (`efficientnet-lite0`, `-lite1`, `-lite2`).

        MiniLM reads its labels.
        """
        tagger = ImageNetTagger.from_pretrained(path_or_id, device=device, dtype=dtype)
        return cls(tagger, MiniLM.from_pretrained(device=device))

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """-> (N, 384) float32, rows of length 1."""
        return self._sentences.encode_text(texts)

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB -> (T, 384) float32, rows of length 1."""
        weights = sharpen(
            self._tagger.tag(pixels).probabilities, top_k=TOP_K, temperature=TEMPERATURE
        )
        # (T, 1000) -> (T, 384), row by row: a product of all depends on how many there are
        vectors = np.array([row @ self._label_vectors for row in weights]).reshape(-1, self.dim)
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

    @cached_property
    def _label_vectors(self) -> np.ndarray:
        return label_vectors()


def describe(label: Label) -> str:
    """What stands for a class in the sentence encoder's space.

    >>> describe(Label("n02132136", "brown bear", (), ("bear",)))
    'a photo of a brown bear'
    """
    return f"a photo of {with_article(label.name)}"


def label_vectors() -> np.ndarray:
    """-> (1000, 384) float32: what MiniLM makes of `describe(label)`.

    Written by `experiments/conse_tuning/make_label_vectors.py` and shipped, because a thousand
    sentences cost every start some seconds.
    """
    path = files("svqa.models") / "data" / "conse_label_vectors.safetensors"
    return load(path.read_bytes())["vectors"].astype(np.float32)


def sharpen(probabilities: np.ndarray, *, top_k: int, temperature: float) -> np.ndarray:
    """(T, C) -> (T, C): only the `top_k` of a row, sharpened, rows summing to 1.

    Their logits are divided by `temperature`.
    """
    floor = np.partition(probabilities, -top_k, axis=-1)[:, -top_k, None]
    weights = np.where(probabilities >= floor, probabilities, 0) ** (1 / temperature)
    return weights / weights.sum(-1, keepdims=True)
