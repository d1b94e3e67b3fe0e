"""Sentences -> unit vectors: all-MiniLM-L6-v2.

Reimers & Gurevych 2019 (arXiv:1908.10084), Wang et al. 2020 (arXiv:2002.10957).

The six layers are written out here because importing `transformers` takes longer than importing
torch and encoding a thousand sentences together; `tests/models/test_conse.py` holds both to the
same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from svqa.models.base import TextEncoder
from svqa.models.weights import read_safetensors, verified

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LAYERS, HEADS, LAYER_NORM_EPS = 6, 12, 1e-12
MAX_TOKENS = 256
BATCH = 64


class MiniLM(TextEncoder):
    """all-MiniLM-L6-v2: sentences of up to 256 tokens -> 384 numbers of length 1.

    What comes after is not read.

    >>> sentences = MiniLM.from_pretrained()
    >>> bear, grizzly, violin = sentences.encode_text(["a bear", "a grizzly", "a violin"])
    >>> bool(bear @ grizzly > bear @ violin)
    True
    """

    model_id = "minilm-l6-v2@1"
    dim = 384

    def __init__(
        self,
        state: dict[str, Tensor],
        tokenizer: Tokenizer,
        *,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ):
        self._weights = {
            name: value.to(device, dtype or torch.float32) if value.is_floating_point() else value
            for name, value in state.items()
        }
        self._tokenizer = tokenizer
        self._device = device

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> MiniLM:
        """From the installed package, or from a folder that holds the same files.

        There is only one revision.
        """
        from tokenizers import Tokenizer

        files = verified("minilm-l6-v2", path_or_id)
        tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return cls(
            read_safetensors(files["model.safetensors"]), tokenizer, device=device, dtype=dtype
        )

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """-> (N, 384) float32, rows of length 1.

        The same texts give the same numbers, whatever was encoded before: the last bit of a row
        depends on the rows beside it, so nothing is remembered here (`RememberedTexts` does that).
        """
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        different = list(dict.fromkeys(texts))
        vectors = dict(zip(different, self._encode(different), strict=True))
        return np.stack([vectors[text] for text in texts])

    def _encode(self, texts: list[str]) -> np.ndarray:
        """Sentences of like length go together, so that little is spent on padding."""
        # a lone surrogate is not UTF-8
        readable = [text.encode("utf-8", "replace").decode() for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(readable)]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            vectors[rows] = self._forward([tokens[i] for i in rows])
        return vectors

    @torch.inference_mode()
    def _forward(self, tokens: list[list[int]]) -> np.ndarray:
        """Token ids -> the mean of the last layer over each sentence, of length 1."""
        longest = max(map(len, tokens))
        ids = torch.tensor(
            [row + [0] * (longest - len(row)) for row in tokens], device=self._device
        )
        real = torch.tensor(
            [[i < len(row) for i in range(longest)] for row in tokens], device=self._device
        )
        x = self._embed(ids)
        for layer in range(LAYERS):
            x = self._layer(x, real[:, None, None, :], f"encoder.layer.{layer}")
        x = x.float() * real[:, :, None]  # (N, tokens, 384) -> (N, 384)
        return F.normalize(x.sum(1) / real.sum(1, keepdim=True), dim=-1).cpu().numpy()

    def _embed(self, ids: Tensor) -> Tensor:
        w, name = self._weights, "embeddings.{}_embeddings.weight".format
        x = w[name("word")][ids] + w[name("position")][: ids.shape[1]] + w[name("token_type")][0]
        return self._norm(x, "embeddings.LayerNorm")

    def _layer(self, x: Tensor, real: Tensor, at: str) -> Tensor:
        def heads(name: str) -> Tensor:
            return (
                self._linear(x, f"{at}.attention.self.{name}")
                .unflatten(-1, (HEADS, -1))
                .transpose(1, 2)
            )

        mixed = F.scaled_dot_product_attention(
            heads("query"), heads("key"), heads("value"), attn_mask=real
        )
        mixed = self._linear(mixed.transpose(1, 2).flatten(2), f"{at}.attention.output.dense")
        x = self._norm(x + mixed, f"{at}.attention.output.LayerNorm")
        wide = F.gelu(self._linear(x, f"{at}.intermediate.dense"))
        return self._norm(x + self._linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(x, weight.shape, weight, bias, LAYER_NORM_EPS)
