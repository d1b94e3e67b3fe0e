"""Models that cost nothing, leave rows of several kinds, and take their process along with red."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import numpy as np

from benchmarks.faults.thumbnails import NoWords, Thumbnails, cheap_models
from svqa.models import Detector, ModelSet, ModelSpec
from svqa.records import Caption, Detection, FrameBatch, Segment


class DiesOfRed(Thumbnails):
    """Ends as a process ends that native code took beyond its memory."""

    model_id = "dies-of-red@1"

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """As thumbnails, but for pictures that are red all over."""
        red, green, blue = pixels.reshape(-1, 3).mean(0)
        if red > 200 and green < 60 and blue < 60:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_frames(pixels)


class SaysColour(NoWords):
    """Writes down the mean colour of a segment."""

    model_id = "says-colour@1"

    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """-> one a segment that has frames."""
        said = []
        for segment in segments:
            inside = (frames.t_s >= segment.start_s) & (frames.t_s < segment.end_s)
            if inside.any():
                mean = frames.pixels[inside].reshape(-1, 3).mean(0)
                text = "mostly #" + "".join(f"{round(value):02x}" for value in mean)
                said.append(Caption(text, segment.start_s, segment.end_s, 1.0, self.model_id))
        return said


class Brightest(Detector):
    """A box around what is brighter than the middle between the darkest and the brightest."""

    model_id = "brightest@1"
    labels = ("bright",)

    @classmethod
    def from_pretrained(
        cls, path_or_id: None = None, *, revision: None = None, device: str = "cpu"
    ) -> Brightest:
        """There is nothing to load."""
        return cls()

    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """-> one a frame that is not of one brightness."""
        found = []
        for picture, t_s in zip(frames.pixels, frames.t_s.tolist(), strict=True):
            light = picture.mean(axis=2)
            rows, columns = np.nonzero(light > (light.min() + light.max()) / 2)
            if len(rows):
                box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                xyxy_px = tuple(float(value) for value in box)
                found.append(Detection("bright", 1.0, xyxy_px, t_s, self.model_id))
        return found


def ray_models() -> ModelSet:
    """-> the set: vectors of pictures and sound, captions, boxes."""
    specs = {"encoder": DiesOfRed, "captioner": SaysColour, "detector": Brightest}
    return cheap_models().replaced(
        {role: ModelSpec(of.model_id, f"{__name__}:{of.__name__}") for role, of in specs.items()}
    )
