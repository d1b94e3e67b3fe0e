"""Sentences as espeak-ng says them: sound whose words and seconds are known."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from experiments.offline_parts.speech import spoken as say
from svqa.models.whisper import RATE_HZ


def spoken(text: str, voice: str = "en-us") -> np.ndarray:
    """Text -> (N,) float32 at 16 kHz, without the silence around it; skips without espeak-ng."""
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    return say(text, voice)


def silence(seconds: float) -> np.ndarray:
    """(N,) float32 zeros at 16 kHz."""
    return np.zeros(round(seconds * RATE_HZ), np.float32)
