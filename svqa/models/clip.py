"""Frames and sentences -> unit vectors in one space.

CLIP (Radford et al. 2021, arXiv:2103.00020), SigLIP 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoProcessor

from svqa.media.geometry import fit_frame
from svqa.models.base import Encoder
from svqa.models.pretrained import load_pretrained


class ClipEncoder(Encoder):
    """Any two-tower model of transformers that has `get_image_features` and `get_text_features`.

    Texts are padded to one length, as these models were trained, and frames are scaled to one size,
    so no row depends on its neighbours. Texts longer than the model reads are cut. Frames are not:
    where the model's own preparation would keep only their middle, they are squeezed into its
    square, since what is looked for may be at the edge.
    """

    def __init__(self, model: Any, processor: Any, *, model_id: str, batch_size: int = 32):
        self.model, self.processor, self.model_id, self.batch_size = (
            model.eval(),
            processor,
            model_id,
            batch_size,
        )
        images = processor.image_processor
        crops = getattr(images, "do_center_crop", False)
        self.crop_px = int(images.crop_size["height"]) if crops else None
        text = model.config.text_config
        self.text_tokens = int(text.max_position_embeddings)
        self.dim = int(
            getattr(model.config, "projection_dim", None)
            or getattr(text, "projection_size", None)
            or text.hidden_size
        )

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: Any = None,
    ) -> ClipEncoder:
        """A folder or a hub name -> the encoder; nothing is downloaded.

        Raises WeightsMissing, WeightsCorrupt or UsageError, as `hub.load_pretrained` does.
        """
        loaded = load_pretrained(
            AutoModel, AutoProcessor, path_or_id, revision=revision, device=device, dtype=dtype
        )
        return cls(loaded.model, loaded.processor, model_id=loaded.model_id)

    @torch.inference_mode()
    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB -> (T, dim) float32, rows of length 1."""
        rows = []
        for first in range(0, len(pixels), self.batch_size):
            part = pixels[first : first + self.batch_size]
            if self.crop_px:
                part = np.stack([fit_frame(frame, self.crop_px) for frame in part])
            images = torch.from_numpy(np.ascontiguousarray(part)).permute(0, 3, 1, 2)
            values = self.processor.image_processor(images=list(images), return_tensors="pt")[
                "pixel_values"
            ]
            values = values.to(self.model.device, self.model.dtype)
            rows.append(self.model.get_image_features(pixel_values=values).pooler_output)
        return self._unit(rows)

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """N sentences -> (N, dim) float32, rows of length 1."""
        rows = []
        for first in range(0, len(texts), self.batch_size):
            tokens = self.processor.tokenizer(
                list(texts[first : first + self.batch_size]),
                padding="max_length",
                truncation=True,
                max_length=self.text_tokens,
                return_tensors="pt",
            )
            if self.model.config.model_type.startswith("siglip"):
                # SigLIP learnt without one: it attends to its padding
                tokens.pop("attention_mask", None)
            rows.append(self.model.get_text_features(**tokens.to(self.model.device)).pooler_output)
        return self._unit(rows)

    def _unit(self, rows: list[torch.Tensor]) -> np.ndarray:
        if not rows:
            return np.zeros((0, self.dim), np.float32)
        vectors = torch.cat(rows).float()
        return torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy()
