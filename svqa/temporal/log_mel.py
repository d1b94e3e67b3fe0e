"""Samples -> log-mel statistics: what a stretch of sound is like, with no weights.

Davis and Mermelstein 1980 (mel bands); mean and spread over time per band, a strong untrained
baseline for sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.records import Segment, Waveform

# a change to the numbers below needs a new name: vectors of two names are never compared
LOG_MEL_ID = "log-mel-40"
BANDS = 40
WINDOW_S, HOP_S = 0.025, 0.010
_FLOOR = 1e-8  # power under -80 dB of full scale is silence


def log_mel_statistics(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """samples (N,) in [-1, 1] -> (80,) float32, length 1.

    The mean of each of 40 log-mel bands, then its spread over time.

    The average over bands is taken off the means, so loudness does not count, only where the energy
    lies. Silence (and a clip shorter than one 25 ms window) gives zeros: no direction, to be left
    out of a `VectorSet`.
    """
    energy = log_mel(samples, rate_hz)
    if not len(energy):
        return np.zeros(2 * BANDS, np.float32)
    mean = energy.mean(axis=0)
    out = np.concatenate([mean - mean.mean(), energy.std(axis=0)])
    length = np.linalg.norm(out)
    return (out / length if length > 1e-6 else np.zeros_like(out)).astype(np.float32)


def stretches(sound: Waveform, segments: Sequence[Segment]) -> list[Waveform]:
    """-> what is heard in each segment; empty where the sound does not reach."""
    found = []
    for segment in segments:
        first, last = (
            max(0, round((s - sound.start_s) * sound.rate_hz))
            for s in (segment.start_s, segment.end_s)
        )
        found.append(
            Waveform(sound.samples[first:last], sound.rate_hz, max(segment.start_s, sound.start_s))
        )
    return found


def log_mel(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """samples (N,) -> (frames, 40) float64: log of the power in each mel band, every 10 ms."""
    samples = np.asarray(samples, np.float64)
    if samples.ndim != 1:
        raise ValueError(
            f"samples must be (N,) mono, got {samples.shape}; average the channels first"
        )
    size, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    if len(samples) < size:
        return np.empty((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2 / size
    return np.log(power @ _mel_filters(rate_hz, size).T + _FLOOR)  # (frames, bins) -> (frames, 40)


def _mel_filters(rate_hz: int, size: int) -> np.ndarray:
    """(40, bins): triangles whose peaks are evenly spaced in mel, from 0 to half the rate.

    mel = 2595 log10(1 + f / 700).
    """
    mel = np.linspace(0.0, 2595 * np.log10(1 + rate_hz / 2 / 700), BANDS + 2)
    edges_hz = 700 * (10 ** (mel / 2595) - 1)
    at_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    # Low bands are narrower than a bin: widen each side to one bin so that no band is empty.
    width = np.maximum(np.diff(edges_hz), rate_hz / size)
    rise = 1 + (at_hz - edges_hz[1:-1, None]) / width[:-1, None]
    fall = 1 - (at_hz - edges_hz[1:-1, None]) / width[1:, None]
    return np.clip(np.minimum(rise, fall), 0, None)
