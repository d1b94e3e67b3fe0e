"""Frames -> vectors that are small pictures: a model set that costs next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from svqa.models import Captioner, Encoder, ModelSet, ModelSpec
from svqa.records import Caption, FrameBatch, Segment

WIDTH_PX, HEIGHT_PX = 16, 9


class Thumbnails(Encoder):
    """A frame is its pixels, 16 x 9 of them, beside a one: of length 1, and to be had back."""

    model_id, dim = "thumbnails@1", 1 + 3 * WIDTH_PX * HEIGHT_PX

    @classmethod
    def from_pretrained(
        cls, path_or_id: None = None, *, revision: None = None, device: str = "cpu"
    ) -> Thumbnails:
        """There is nothing to load."""
        return cls()

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Words look like nothing: every text is the same vector."""
        return np.tile(np.eye(1, self.dim, dtype=np.float32), (len(texts), 1))

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB -> (T, 433) float32, rows of length 1."""
        size = (WIDTH_PX, HEIGHT_PX)
        small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in pixels]
        rows = np.stack(small).reshape(len(pixels), -1).astype(np.float32) / 255
        rows = np.concatenate([np.ones((len(rows), 1), np.float32), rows], axis=1)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class NoWords(Captioner):
    """Says nothing about anything."""

    model_id = "no-words@1"

    @classmethod
    def from_pretrained(
        cls, path_or_id: None = None, *, revision: None = None, device: str = "cpu"
    ) -> NoWords:
        """There is nothing to load."""
        return cls()

    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """-> no caption."""
        return []


def thumbnails_of(vectors: np.ndarray) -> np.ndarray:
    """(T, 433) -> (T, 432) float32, the pixels from 0 to 255."""
    rows = vectors.astype(np.float32)
    return 255 * rows[:, 1:] / rows[:, :1]


def cheap_models() -> ModelSet:
    """-> a set whose ingest costs little more than decoding."""
    here = "benchmarks.faults.thumbnails"
    return ModelSet(
        "thumbnails",
        {
            "encoder": ModelSpec(Thumbnails.model_id, f"{here}:Thumbnails"),
            "captioner": ModelSpec(NoWords.model_id, f"{here}:NoWords"),
            "sounds": ModelSpec("log-mel-40", "svqa.models.log_mel_encoder:LogMelEncoder"),
        },
    )
