"""Frames -> words, boxes, vectors: the abstract classes, with no code.

Models see pixels, sound and text; never a path, a database or a session. A concrete class is made
by `from_pretrained(path_or_id, *, revision=None, device="cpu", dtype=None)` and carries a
`model_id` that is written beside everything it makes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from svqa.records import (
    Answer,
    Caption,
    Detection,
    Evidence,
    FrameBatch,
    Question,
    Segment,
    TextLine,
    Transcript,
    Utterance,
    Waveform,
)


class TextEncoder(ABC):
    """Sentences -> unit vectors."""

    model_id: str
    dim: int

    @abstractmethod
    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """-> (N, dim) float32, rows of length 1. No text gives (0, dim)."""


class Encoder(TextEncoder):
    """Images and sentences -> unit vectors in one space: `image @ text` says how well they match.

    `encode_text` takes a query or description of what is to be seen.
    """

    @abstractmethod
    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """(T, H, W, 3) uint8 RGB -> (T, dim) float32, rows of length 1, whatever the batch."""


class Captioner(ABC):
    """Frames of a segment -> one sentence."""

    model_id: str

    @abstractmethod
    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """One caption a segment, from the frames whose times lie in it; none without frames."""

    def captions(
        self, asked: Sequence[tuple[FrameBatch, Sequence[Segment]]]
    ) -> list[list[Caption]]:
        """What `caption` is called with, for several videos -> the captions of each."""
        return [self.caption(*given) for given in asked]


class Detector(ABC):
    """Frames -> boxes."""

    model_id: str
    labels: tuple[str, ...]  # every name that a box may get: what it can look for

    @abstractmethod
    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Boxes of every frame in pixels of the given frames, best first within a frame.

        Whatever the batch: frames of several videos may be asked together.
        """


class TextReader(ABC):
    """A picture -> the text in it."""

    model_id: str

    @abstractmethod
    def read(self, pixels: np.ndarray) -> list[TextLine]:
        """(H, W, 3) uint8 RGB -> lines from top to bottom, boxes in pixels of this picture."""


class Transcriber(ABC):
    """Sound -> words with their seconds."""

    model_id: str

    @abstractmethod
    def hear(self, sound: Waveform) -> Transcript:
        """What is said, in time order, and why nothing was written down where somebody spoke."""

    def transcribe(self, sound: Waveform) -> list[Utterance]:
        """`hear`, the words alone; silence gives an empty list."""
        return list(self.hear(sound).utterances)


class SoundEncoder(ABC):
    """Stretches of sound -> unit vectors: what sounds alike is near."""

    model_id: str
    dim: int

    @abstractmethod
    def encode_sound(self, sounds: Sequence[Waveform]) -> np.ndarray:
        """-> (N, dim) float32, rows of length 1; zeros where nothing is heard.

        A batch never changes a row.
        """


class Answerer(ABC):
    """A question and what was found about it -> an answer, or an abstention with its reason.

    `needs_frames`: whether it answers from frames, and so wants some of a video with each question.
    `reads_all`: whether it weighs words and frames itself, and so is shown both before any rule of
    svqa answers. `together`: how many questions it is best asked at once, of
    one that reads all.
    """

    model_id: str
    needs_frames: bool = False
    reads_all: bool = False
    together: int = 1

    @abstractmethod
    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """`passages`: captions and utterances with the retrieval's scores, any order.

        `frames`: for models that look.
        """

    def answers(
        self, asked: Sequence[tuple[Question, Sequence[Evidence], FrameBatch | None]]
    ) -> list[Answer]:
        """What `answer` is called with, several times -> the answer to each."""
        return [self.answer(*given) for given in asked]
