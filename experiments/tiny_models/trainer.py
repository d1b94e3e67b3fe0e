"""Objectives -> a model fitted to one after another, and one curve over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import torch

from svqa.records import Progress

HELD_OUT = 20  # one sample in so many is held out of training, for the curve
LOG_EVERY = 50  # steps between rows of the curve
EVALUATED = 200  # held-out samples of a row, at most


class Objective(Protocol):
    """What a model is trained for: batches of rows of its samples, and their loss."""

    def __len__(self) -> int: ...

    def draw_batch(self, rng: np.random.Generator) -> np.ndarray:
        """-> rows of samples that are not held out."""

    def parameters(self) -> Iterable[torch.nn.Parameter]:
        """What is trained."""

    def loss(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> the loss of these samples, and the share that is right."""


class Trainer:
    """Fits objectives in turn; `curve` has `step`, `loss` and `right`, the held-out accuracy."""

    def __init__(self, steps: int, rng: np.random.Generator, progress: Progress | None = None):
        self.steps, self.rng, self.progress = steps, rng, progress
        self.done = 0
        self.curve: list[dict[str, float]] = []

    def fit(self, objective: Objective, steps: int, *, peak: float, warmup: int = 60) -> None:
        """AdamW with a linear warm-up and a cosine to nothing; gradients are clipped at norm 1."""
        optimizer = torch.optim.AdamW(
            objective.parameters(), lr=peak, weight_decay=0.05, betas=(0.9, 0.98)
        )
        losses = []
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = (
                    peak * min(1.0, (step + 1) / warmup) * 0.5 * (1 + np.cos(np.pi * step / steps))
                )
            loss, _ = objective.loss(objective.draw_batch(self.rng))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(objective.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            self.done += 1
            if (step + 1) % LOG_EVERY == 0 or step + 1 == steps:
                self.curve.append(
                    {
                        "step": self.done,
                        "loss": float(np.mean(losses[-LOG_EVERY:])),
                        "right": evaluate_held_out(objective),
                    }
                )
            if self.progress:
                self.progress("steps", self.done, self.steps)


def draw_rows(rng: np.random.Generator, first: int, end: int, count: int) -> np.ndarray:
    """-> `count` rows of `[first, end)`, none of them held out."""
    rows = rng.integers(first, end - 1, count)
    return rows + (rows % HELD_OUT == 0)  # the next one, where it is held out


@torch.no_grad()
def evaluate_held_out(objective: Objective) -> float:
    """-> share right on held-out samples."""
    held_out = np.arange(0, len(objective), HELD_OUT)
    rows = held_out[:: -(-len(held_out) // EVALUATED)]
    parts = np.array_split(rows, -(-len(rows) // 100))
    return float(np.mean([objective.loss(part)[1] for part in parts]))
