"""Stretches of sound and sentences -> unit vectors in one space.

CLAP (Wu et al. 2023, arXiv:2211.06687).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.signal import resample_poly
from transformers import AutoModel, AutoProcessor

from svqa.models.base import SoundEncoder, TextEncoder
from svqa.models.pretrained import load_pretrained
from svqa.records import Waveform

SILENT = 1e-4  # -80 dB of full scale
SHORTEST_S = 0.025


class ClapEncoder(SoundEncoder, TextEncoder):
    """CLAP of transformers, without fusion.

    A stretch is heard for at most the ten seconds that the model was made for.

    A shorter one is repeated until they are full, as in its training. Sound comes at any rate; what
    was recorded at 16 kHz has nothing above 8 kHz to hear, of the 14 kHz that the model listens to.
    """

    def __init__(self, model: Any, processor: Any, *, model_id: str, batch_size: int = 16):
        self.model, self.processor, self.model_id, self.batch_size = (
            model.eval(),
            processor,
            model_id,
            batch_size,
        )
        self.rate_hz = int(processor.feature_extractor.sampling_rate)
        self.longest = int(processor.feature_extractor.nb_max_samples)
        self.dim = int(model.config.projection_dim)

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: Any = None,
    ) -> ClapEncoder:
        """A folder or a hub name -> the encoder; nothing is downloaded.

        Raises WeightsMissing, WeightsCorrupt or UsageError, as `hub.load_pretrained` does.
        """
        loaded = load_pretrained(
            AutoModel, AutoProcessor, path_or_id, revision=revision, device=device, dtype=dtype
        )
        return cls(loaded.model, loaded.processor, model_id=loaded.model_id)

    @torch.inference_mode()
    def encode_sound(self, sounds: Sequence[Waveform]) -> np.ndarray:
        """-> (N, dim) float32.

        Zeros where a stretch is silent (under -80 dB) or shorter than 25 ms.
        """
        rows = np.zeros((len(sounds), self.dim), np.float32)
        heard = [i for i, sound in enumerate(sounds) if _is_heard(sound)]
        for first in range(0, len(heard), self.batch_size):
            batch = heard[first : first + self.batch_size]
            waves = [self._at_rate(sounds[i])[: self.longest] for i in batch]
            inputs = self.processor.feature_extractor(
                waves, sampling_rate=self.rate_hz, return_tensors="pt"
            )
            features = inputs["input_features"].to(self.model.device, self.model.dtype)
            found = self.model.get_audio_features(
                input_features=features, is_longer=inputs["is_longer"]
            )
            rows[batch] = _unit(found.pooler_output)
        return rows

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Descriptions of what is heard -> (N, dim) float32, rows of length 1."""
        rows = [np.zeros((0, self.dim), np.float32)]
        for first in range(0, len(texts), self.batch_size):
            batch = list(texts[first : first + self.batch_size])
            tokens = self.processor.tokenizer(
                batch, padding=True, truncation=True, return_tensors="pt"
            )
            rows.append(
                _unit(self.model.get_text_features(**tokens.to(self.model.device)).pooler_output)
            )
        return np.concatenate(rows)

    def _at_rate(self, sound: Waveform) -> np.ndarray:
        common = gcd(self.rate_hz, sound.rate_hz)
        return resample_poly(sound.samples, self.rate_hz // common, sound.rate_hz // common).astype(
            np.float32
        )


def _is_heard(sound: Waveform) -> bool:
    return (
        len(sound.samples) >= SHORTEST_S * sound.rate_hz
        and float(np.abs(sound.samples).max()) >= SILENT
    )


def _unit(rows: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(rows.float(), dim=-1).cpu().numpy()
