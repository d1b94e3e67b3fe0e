"""Frames, how much each is trusted, a question -> one answer.

Three ways to ask a model of single pictures, and one for a model that attends to several.

`BestFrame` looks at one frame, `WeightedVote` asks every retrieved frame and counts, `FrameGrid`
puts frames in time order into one picture (IG-VLM, Kim et al. 2024, arXiv:2403.18406),
`FrameSequence` gives the frames as they are, side by side, with their seconds. Each says which
frames it looked at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from svqa.records import Evidence, FrameBatch, Question

Look = np.ndarray | FrameBatch  # what a question is about: a picture, or frames of a video


@dataclass(frozen=True)
class Reply:
    """Words an image model generated or chose.

    `score`: geometric mean of its token probabilities, not calibrated.
    """

    text: str
    score: float
    option: int | None = None


@dataclass(frozen=True)
class Verdict:
    """A reply and the rows of the frames it rests on."""

    reply: Reply
    rows: tuple[int, ...]


class ImageModel(Protocol):
    """Whatever answers one question about one picture, many pairs at a time.

    A picture is `(H, W, 3) uint8`; a model of sequences takes frames with their seconds as well.
    """

    def reply(self, pixels: Sequence[Look], questions: Sequence[Question]) -> list[Reply]: ...


class FrameStrategy(ABC):
    """A way to answer about a video with a model that sees one picture at a time."""

    @abstractmethod
    def decide(
        self, model: ImageModel, question: Question, frames: FrameBatch, weights: np.ndarray
    ) -> Verdict:
        """`weights (T,)`: how much the retrieval trusts each frame, >= 0.

        All ones where nothing was retrieved.
        """


@dataclass(frozen=True)
class BestFrame(FrameStrategy):
    """The frame with the highest weight; of equal ones, the middle one."""

    def decide(
        self, model: ImageModel, question: Question, frames: FrameBatch, weights: np.ndarray
    ) -> Verdict:
        """One frame, one question."""
        best = np.flatnonzero(weights == weights.max())
        row = int(best[len(best) // 2])
        return Verdict(model.reply([frames.pixels[row]], [question])[0], (row,))


@dataclass(frozen=True)
class WeightedVote(FrameStrategy):
    """Up to `most` frames answer for themselves.

    A vote counts its frame's weight times the model's own score.

    The score is the winner's share of all votes, so frames that disagree lower it.
    """

    most: int = 8

    def decide(
        self, model: ImageModel, question: Question, frames: FrameBatch, weights: np.ndarray
    ) -> Verdict:
        """The answer with most votes; the frames that gave it."""
        rows = spread(weights, self.most)
        replies = model.reply([frames.pixels[r] for r in rows], [question] * len(rows))
        votes: dict[str, float] = defaultdict(float)
        for row, reply in zip(rows, replies, strict=True):
            votes[reply.text] += float(weights[row]) * reply.score
        text = max(votes, key=votes.__getitem__)
        agreed = [
            (row, reply) for row, reply in zip(rows, replies, strict=True) if reply.text == text
        ]
        share = votes[text] / (sum(votes.values()) or 1.0)
        return Verdict(Reply(text, share, agreed[0][1].option), tuple(row for row, _ in agreed))


@dataclass(frozen=True)
class FrameGrid(FrameStrategy):
    """`rows * columns` frames, evenly spaced over the retrieved time, read like text.

    Left to right, then down.
    """

    rows: int = 2
    columns: int = 2

    def decide(
        self, model: ImageModel, question: Question, frames: FrameBatch, weights: np.ndarray
    ) -> Verdict:
        """One picture, one question."""
        seen = np.flatnonzero(weights > 0)
        even = np.linspace(0, len(seen) - 1, self.rows * self.columns).round().astype(int)
        chosen = seen[even]
        picture = frame_grid(frames.pixels[chosen], columns=self.columns)
        return Verdict(
            model.reply([picture], [question])[0], tuple(int(r) for r in dict.fromkeys(chosen))
        )


@dataclass(frozen=True)
class FrameSequence(FrameStrategy):
    """`most` frames, evenly spaced over the retrieved time, each seen whole, with its second.

    Fewer where there are fewer. For models that attend to several (`BlipAnswerer`).
    """

    most: int = 8

    def decide(
        self, model: ImageModel, question: Question, frames: FrameBatch, weights: np.ndarray
    ) -> Verdict:
        """One sequence, one question."""
        seen = np.flatnonzero(weights > 0)
        chosen = seen[np.unique(np.linspace(0, len(seen) - 1, self.most).round().astype(int))]
        reply = model.reply([frames[chosen]], [question])[0]
        return Verdict(reply, tuple(int(row) for row in chosen))


FRAME_STRATEGIES: dict[str, FrameStrategy] = {
    "best": BestFrame(),
    "vote": WeightedVote(),
    "grid": FrameGrid(),
}


def frame_grid(pixels: np.ndarray, *, columns: int) -> np.ndarray:
    """(T, H, W, C) -> one picture of T frames, left to right, then down.

    T must be a multiple of `columns`.

    >>> frame_grid(np.zeros((6, 10, 20, 3), np.uint8), columns=3).shape
    (20, 60, 3)
    """
    count, height, width, channels = pixels.shape
    if count % columns:
        raise ValueError(f"{count} frames do not fill rows of {columns}")
    cells = pixels.reshape(count // columns, columns, height, width, channels)
    return cells.swapaxes(1, 2).reshape(count // columns * height, columns * width, channels)


def spread(weights: np.ndarray, most: int) -> list[int]:
    """-> rows of the `most` highest weights > 0, in time order.

    Where equal ones compete, evenly over time.
    """
    ranked = np.sort(weights)[::-1]
    edge = ranked[min(most, len(ranked)) - 1]
    sure = np.flatnonzero(weights > max(edge, 0))
    equal = np.flatnonzero((weights == edge) & (weights > 0))
    room = min(most - len(sure), len(equal))
    middles = ((np.arange(room) + 0.5) * len(equal) / max(room, 1)).astype(int)
    return sorted(int(r) for r in (*sure, *equal[middles]))


def retrieval_weights(t_s: np.ndarray, passages: Sequence[Evidence]) -> np.ndarray:
    """-> (T,) float64: the best score of the passages that hold each frame.

    All ones where none is positive.

    A passage between two frames counts for the one nearest to its middle.
    """
    weights = np.zeros(len(t_s))
    for passage in passages:
        inside = (t_s >= passage.start_s) & (t_s < passage.end_s)
        if not inside.any():
            inside[np.abs(t_s - (passage.start_s + passage.end_s) / 2).argmin()] = True
        weights[inside] = np.maximum(weights[inside], passage.score)
    return weights if weights.any() else np.ones(len(t_s))


def frame_evidence(
    question: Question,
    passages: Sequence[Evidence],
    t_s: np.ndarray,
    rows: Sequence[int],
    reply: Reply,
) -> tuple[Evidence, ...]:
    """The passages that hold the frames looked at, best first.

    Where none does, the frames themselves.
    """
    held = [p for p in passages if any(p.start_s <= t_s[row] < p.end_s for row in rows)]
    if held:
        return tuple(sorted(held, key=lambda p: -p.score))
    gap_s = t_s[-1] - t_s[-2] if len(t_s) > 1 else 0.0
    ends = np.append(t_s[1:], t_s[-1] + gap_s)
    return tuple(
        Evidence(
            question.video, "", float(t_s[row]), float(ends[row]), reply.score, "visual", reply.text
        )
        for row in rows
    )
