"""Model sets that cost nothing and are hard on their process: it dies of red, or hears nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from benchmarks.faults.ray_models import DiesOfRed
from benchmarks.faults.thumbnails import Thumbnails, cheap_models
from svqa.models import ModelSet, ModelSpec


class InFinalizers(Thumbnails):
    """Spends its time where an exception is printed and forgotten, and leaves its number."""

    model_id = "in-finalizers@1"

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """As thumbnails, half a minute later."""
        _Slow()
        return super().encode_frames(pixels)


class WithoutNumbers(Thumbnails):
    """What it makes cannot be stored."""

    model_id = "without-numbers@1"

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """As many rows as frames."""
        return np.full((len(pixels), self.dim), np.nan, np.float32)


class _Slow:
    def __del__(self) -> None:
        Path(f"{os.getpid()}.busy").touch()
        time.sleep(30)


def fatal_models() -> ModelSet:
    return _with(DiesOfRed)


def models_in_finalizers() -> ModelSet:
    return _with(InFinalizers)


def models_without_numbers() -> ModelSet:
    return _with(WithoutNumbers)


def _with(encoder: type[Thumbnails]) -> ModelSet:
    spec = ModelSpec(encoder.model_id, f"{__name__}:{encoder.__name__}")
    return cheap_models().replaced({"encoder": spec})
