"""Two detectors -> the boxes of both: everyday things, and a classifier's finer names.

What they say of one place is weighed where it is read (`svqa.answering.sightings`), so that the
rows keep what each of them saw.
"""

from __future__ import annotations

from svqa.models.base import Detector
from svqa.models.ssd import MIN_SCORE
from svqa.records import Detection, FrameBatch


class DetectorUnion(Detector):
    """Everyday things by `everyday`, the finer names of a classifier by `classes`."""

    def __init__(self, everyday: Detector, classes: Detector):
        self._everyday, self._classes = everyday, classes
        self.model_id = f"{everyday.model_id}+{classes.model_id}"
        self.labels = tuple(dict.fromkeys((*everyday.labels, *classes.labels)))

    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Boxes of both in pixels of the given frames, frames in time order."""
        everyday = self._everyday.detect(frames, min_score=max(min_score, MIN_SCORE))
        both = [*everyday, *self._classes.detect(frames, min_score=min_score)]
        return sorted(both, key=lambda box: (box.t_s, -box.score))
