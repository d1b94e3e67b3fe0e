"""Stretches of sound -> log-mel statistics: how a set hears that brings no weights for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.models.base import SoundEncoder
from svqa.records import Waveform
from svqa.temporal.log_mel import BANDS, LOG_MEL_ID, log_mel_statistics


class LogMelEncoder(SoundEncoder):
    """`svqa.temporal.log_mel.log_mel_statistics` of each stretch: no weights, no words.

    >>> LogMelEncoder().encode_sound([Waveform(np.zeros(8000, np.float32), 16000)]).any()
    np.False_
    """

    model_id, dim = LOG_MEL_ID, 2 * BANDS

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: None = None,
        *,
        revision: None = None,
        device: str = "cpu",
        dtype: None = None,
    ) -> LogMelEncoder:
        """There is nothing to load."""
        return cls()

    def encode_sound(self, sounds: Sequence[Waveform]) -> np.ndarray:
        """-> (N, 80) float32; zeros where it is silent or shorter than 25 ms."""
        rows = [log_mel_statistics(sound.samples, sound.rate_hz) for sound in sounds]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)
