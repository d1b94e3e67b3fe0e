"""A reader of what the test clips carry: the number of every frame (`tests.helpers.clips`)."""

from __future__ import annotations

import numpy as np

from svqa.models import MODEL_SETS, ModelSet, ModelSpec, TextReader
from svqa.records import TextLine
from tests.helpers.clips import read_number


class NumberReader(TextReader):
    """Reads "frame" over the number; `shapes` are of what it was shown."""

    model_id = "numbers@1"

    def __init__(self):
        self.shapes: list[tuple[int, ...]] = []

    @classmethod
    def from_pretrained(cls, path_or_id=None, *, revision=None, device="cpu") -> NumberReader:
        return cls()

    def read(self, pixels: np.ndarray) -> list[TextLine]:
        """The number and its name, the lower line first; nothing where there is no number."""
        self.shapes.append(pixels.shape)
        height, width = pixels.shape[:2]
        if (number := read_number(pixels)) < 0:
            return []
        return [
            TextLine(str(number), 0.95, (2.0, height / 40, width - 2.0, height / 4 - 1)),
            TextLine("frame", 0.9, (2.0, 1.0, width / 2, height / 40 - 1)),
        ]


def models_that_read() -> ModelSet:
    """The offline set, with this reader in the place of its own."""
    reader = ModelSpec("numbers@1", "tests.helpers.reader:NumberReader")
    return ModelSet("offline", {**MODEL_SETS["offline"], "reader": reader})
