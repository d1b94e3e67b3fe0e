"""The frozen records that cross a border between folders: checked once, at birth.

Time is float seconds from the first presented frame; spans are half open, `[start_s, end_s)`. Boxes
are `xyxy` pixels of the displayed frame. What a model made names its `model_id`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from svqa.media_records import (
    FrameBatch as FrameBatch,
    VideoInfo as VideoInfo,
    Waveform as Waveform,
)
from svqa.notebook_html import FromLibrary, InNotebook

Progress = Callable[[str, float, float], None]  # (what is done, how much, of how much)
LEVELS = ("frame", "segment", "scene", "shot")
KINDS = ("visual", "caption", "speech", "text")
MODALITIES = ("visual", "caption", "speech", "text", "audio")


def _check_span(start_s: float, end_s: float) -> None:
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        raise ValueError(f"a span needs finite seconds, got [{start_s}, {end_s})")
    if start_s < 0 or end_s < start_s:
        raise ValueError(f"a span needs 0 <= start_s <= end_s, got [{start_s}, {end_s})")


def _check_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _check_box(xyxy_px: tuple[float, float, float, float], score: float) -> None:
    x0, y0, x1, y1 = xyxy_px
    if not (all(map(math.isfinite, xyxy_px)) and x1 > x0 and y1 > y0):
        raise ValueError(f"a box needs left < right and top < bottom, got {xyxy_px}")
    if not 0 <= score <= 1:
        raise ValueError(f"score must be in [0, 1], got {score}")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


@dataclass(frozen=True, order=True)
class Segment:
    """A stretch of a video: a `frame`, a `segment` (some 5 s), a `scene` (30 s), a `shot`."""

    start_s: float
    end_s: float
    level: str = "segment"

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)
        _check_one_of("level", self.level, LEVELS)

    def __repr__(self) -> str:
        return f"Segment({self.level} {_clock(self.start_s)}-{_clock(self.end_s)})"


class Statement(NamedTuple):
    """One statement of a caption, and the probability that its maker gives it."""

    text: str
    probability: float


@dataclass(frozen=True)
class Caption:
    """A sentence about `[start_s, end_s)`. `score`: the model's own, no probability.

    `statements`: what it states, each with its probability; None where its maker gives none.
    """

    text: str
    start_s: float
    end_s: float
    score: float
    model_id: str
    statements: tuple[Statement, ...] | None = None

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)


@dataclass(frozen=True)
class Utterance:
    """Words spoken in `[start_s, end_s)`. `score`: mean token probability, 0 to 1."""

    text: str
    start_s: float
    end_s: float
    score: float
    model_id: str

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)


@dataclass(frozen=True)
class Transcript:
    """What was said in a stretch of sound, in which language, and how sure that is (0 to 1).

    Where nothing was written down, `note` says why.
    """

    utterances: tuple[Utterance, ...] = ()
    language: str = ""
    language_score: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Detection:
    """A box at `t_s`: left, top, right, bottom in pixels of the displayed frame; `score` 0 to 1."""

    label: str
    score: float
    xyxy_px: tuple[float, float, float, float]
    t_s: float
    model_id: str
    track_id: int | None = None

    def __post_init__(self) -> None:
        _check_box(self.xyxy_px, self.score)


@dataclass(frozen=True)
class TextLine:
    """A line of text in one picture: what it says, how sure the reader is (0 to 1), and where."""

    text: str
    score: float
    xyxy_px: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        _check_box(self.xyxy_px, self.score)
        if not self.text.strip():
            raise ValueError(f"a line of text needs words, got {self.text!r}")


@dataclass(frozen=True)
class TextBox:
    """A line of text seen in `[start_s, end_s)`: words, score and place where it was read best."""

    text: str
    start_s: float
    end_s: float
    score: float
    xyxy_px: tuple[float, float, float, float]
    model_id: str

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)
        TextLine(self.text, self.score, self.xyxy_px)


@dataclass(frozen=True)
class Evidence(InNotebook):
    """A retrieved moment: which video, which seconds, how good a match, what is seen or heard.

    `kind` is where it was found: `visual`, `caption`, `speech` or `text` (read in the picture).
    `score` is the ranking's own, higher is better; `parts` shows what it was made of (say
    `{"visual": 0.41, "bm25": 2.3}`). `statements` are those of a caption.
    """

    video: str
    path: str
    start_s: float
    end_s: float
    score: float
    kind: str
    text: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    statements: tuple[Statement, ...] | None = None

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)
        _check_one_of("kind", self.kind, KINDS)
        if not math.isfinite(self.score):
            raise ValueError(f"score must be finite, got {self.score}")


class Moments(InNotebook, list[Evidence]):
    """What a search found, best first: a list that a notebook shows as pictures."""


@dataclass(frozen=True)
class Question:
    """A question, with `options` where there are any, and what is known of its truth.

    `answers` are the references (several annotators may differ), `spans` the seconds that hold the
    evidence, `video` the path or id it is about, `type` its family (`count`, `when`, `CW` ...).
    """

    text: str
    options: tuple[str, ...] = ()
    video: str = ""
    answers: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    type: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a question needs words, got an empty text")
        for start_s, end_s in self.spans:
            _check_span(start_s, end_s)


@dataclass(frozen=True)
class Answer(FromLibrary):
    """What was answered, how sure, on what evidence, by which model.

    `abstained`: the evidence was too weak; then `reason` says why and `text` what the person sees.
    `option`: index of the chosen option, if there were any. `evidence`: the seconds it rests on.
    `usage`: what a chat model read and wrote for it, in tokens, and how often it was asked.
    `number`: under which the audit trail keeps it.
    """

    text: str
    score: float
    model_id: str
    abstained: bool = False
    reason: str = ""
    option: int | None = None
    evidence: tuple[Evidence, ...] = ()
    latency_ms: float = 0.0
    usage: Mapping[str, int] = field(default_factory=dict)
    number: int | None = None


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Vectors of one level, modality and model.

    `spans (N, 2) float64` seconds, `values (N, D) float32`, finite, not zero. `modality`: `visual`
    (pictures), `caption` (words written about them), `speech` (words heard), `text` (words read in
    them) or `audio` (sound).
    """

    level: str
    modality: str
    model_id: str
    spans: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "spans", np.asarray(self.spans, dtype=np.float64).reshape(-1, 2))
        _check_one_of("level", self.level, LEVELS)
        _check_one_of("modality", self.modality, MODALITIES)
        n, v = len(self.spans), self.values
        if v.ndim != 2 or len(v) != n:
            raise ValueError(f"values must be ({n}, D), one row a span, got {v.shape}")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"VectorSet({self.level} {self.modality} {self.values.shape} by {self.model_id})"


@dataclass(frozen=True, eq=False)
class Chunk:
    """Everything computed about `[start_s, end_s)` of one video: what one transaction writes.

    `findings`: what its maker has to remember of the video so far, as JSON can hold it, for the run
    that goes on after this chunk.
    """

    start_s: float
    end_s: float
    frame_times_s: tuple[float, ...] = ()
    segments: tuple[Segment, ...] = ()
    captions: tuple[Caption, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    detections: tuple[Detection, ...] = ()
    text_boxes: tuple[TextBox, ...] = ()
    vectors: tuple[VectorSet, ...] = ()
    findings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)
