"""A model set that costs nothing, and of which its process dies at the sight of a red picture."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

import numpy as np

from benchmarks.faults.thumbnails import Thumbnails, cheap_models
from svqa.models import ModelSet, ModelSpec


class DiesOfRed(Thumbnails):
    """Ends as a process ends that native code took beyond its memory."""

    model_id = "dies-of-red@1"

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """As thumbnails, but for pictures that are red all over."""
        red, green, blue = pixels.reshape(-1, 3).mean(0)
        if red > 200 and green < 60 and blue < 60:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_frames(pixels)


def fatal_models() -> ModelSet:
    spec = ModelSpec(DiesOfRed.model_id, "tests.helpers.fatal_models:DiesOfRed")
    replaced: Mapping[str, ModelSpec] = {"encoder": spec}
    return cheap_models().replaced(replaced)
