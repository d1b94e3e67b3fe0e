"""Sentences as espeak-ng says them: sound whose words and seconds are known."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest

RATE_HZ = 16000


@cache
def spoken(text: str, voice: str = "en-us") -> np.ndarray:
    """Text -> (N,) float32 at 16 kHz, without the silence around it; skips without espeak-ng."""
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", path, text], check=True)
        with wave.open(str(path)) as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    at = np.arange(0, len(samples) / rate_hz, 1 / RATE_HZ)
    sound = np.interp(at, np.arange(len(samples)) / rate_hz, samples).astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[loud[0] : loud[-1] + 1]


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), np.float32)
