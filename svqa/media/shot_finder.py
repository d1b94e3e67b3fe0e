"""Batches of frames, in time order -> shots: the part that every way of finding cuts shares."""

from __future__ import annotations

from abc import ABC, abstractmethod

from svqa.records import FrameBatch, Segment

MIN_SHOT_S = 0.6  # shorter than this is a flash, not a shot (PySceneDetect's own default)


class ShotFinder(ABC):
    """`feed` every batch in time order, then `finish` once."""

    def __init__(self, min_shot_s: float):
        self._min_shot_s = min_shot_s
        self._first_s: float | None = None
        self._last_s, self._step_s = 0.0, 0.04

    def feed(self, batch: FrameBatch) -> None:
        """Look at the next frames; only what the method needs of them is kept.

        Raises ValueError out of order.
        """
        if not len(batch):
            return
        if self._first_s is not None and batch.t_s[0] <= self._last_s:
            raise ValueError(
                f"batches must come in time order: {batch.t_s[0]:.3f} s after {self._last_s:.3f} s"
            )
        before = self._last_s if self._first_s is not None else None
        self._first_s = float(batch.t_s[0]) if self._first_s is None else self._first_s
        self._last_s = float(batch.t_s[-1])
        if len(batch) > 1:
            before = float(batch.t_s[-2])
        if before is not None:
            self._step_s = self._last_s - before
        self._look(batch)

    def finish(self, duration_s: float | None = None) -> list[Segment]:
        """-> the shots, from 0 to `duration_s` (default: one frame after the last).

        None where there was no frame.
        """
        if self._first_s is None:
            return []
        end_s = max(self._last_s + self._step_s if duration_s is None else duration_s, self._last_s)
        cuts = [0.0]
        for cut_s in sorted(self._cuts()):
            if cut_s - cuts[-1] >= self._min_shot_s - 1e-9 and cut_s < end_s:
                cuts.append(cut_s)
        return [Segment(a, b, "shot") for a, b in zip(cuts, [*cuts[1:], end_s], strict=True)]

    @abstractmethod
    def _look(self, batch: FrameBatch) -> None:
        """Take in the frames of a batch."""

    @abstractmethod
    def _cuts(self) -> list[float]:
        """-> times of the first frames of new shots."""
