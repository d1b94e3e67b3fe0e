"""Waveform -> how likely somebody speaks, every 32 ms: Silero's voice activity detector.

It is shipped inside faster-whisper.
"""

from __future__ import annotations

import numpy as np

from svqa.records import Waveform

RATE_HZ = 16000
STEP = 512  # samples that one probability is about
SILENT = 0.35  # below this nobody speaks


def speech_probabilities(sound: Waveform) -> np.ndarray:
    """-> (N,) float32, one for each 512 samples; the last ones are filled up with silence.

    Raises ValueError unless the sound is at 16 kHz.
    """
    if sound.rate_hz != RATE_HZ:
        raise ValueError(f"speech is looked for at {RATE_HZ} Hz, got {sound.rate_hz} Hz")
    if not len(sound.samples):
        return np.empty(0, np.float32)
    from faster_whisper.vad import get_vad_model

    samples = np.pad(sound.samples, (0, -len(sound.samples) % STEP))
    return np.asarray(get_vad_model()(samples), np.float32).reshape(-1)


def quiet_second(sound: Waveform) -> float:
    """-> the middle of the longest pause in what is said; without one, where speech is faintest."""
    probabilities = speech_probabilities(sound)
    if not len(probabilities):
        return sound.start_s
    silent = np.pad((probabilities < SILENT).astype(np.int8), 1)
    begins, ends = np.flatnonzero(np.diff(silent) == 1), np.flatnonzero(np.diff(silent) == -1)
    if len(begins):
        longest = int(np.argmax(ends - begins))
        middle = (begins[longest] + ends[longest]) / 2
    else:
        middle = int(np.argmin(probabilities)) + 0.5
    return sound.start_s + float(middle) * STEP / RATE_HZ
