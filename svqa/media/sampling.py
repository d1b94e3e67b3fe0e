"""Which frames of a video are wanted.

Every N seconds, at given seconds, keyframes only, or all of them.

The frame for second `t` is the last one presented at or before `t`. A frame chosen for several
seconds comes once, with its own presentation time. `start_s` and `end_s` cut the choice by the
frames' own times, so that the parts of a video, sampled one by one, are exactly the whole video
sampled at once.

Pure Python: the decoding worker imports this, and starts faster without numpy.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from svqa.errors import UsageError, unknown_name

MODES = ("every", "at", "keyframes", "native")
EPSILON_S = 1e-6  # two times closer than this are the same time


@dataclass(frozen=True)
class Sampling:
    """A choice of frames.

    Make one with `Sampling.every(0.5)`, `.at([1.0, 7.5])`, `.keyframes()` or `.native()`.
    """

    mode: str
    every_s: float = 0.0
    times_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(unknown_name("sampling mode", self.mode, MODES))
        if self.mode == "every" and not (math.isfinite(self.every_s) and self.every_s > 0):
            raise UsageError(f"Sampling.every needs seconds above 0, got {self.every_s}.")
        if self.mode == "at" and not all(math.isfinite(t) and t >= 0 for t in self.times_s):
            raise UsageError(f"Sampling.at needs finite seconds >= 0, got {self.times_s}.")

    @classmethod
    def every(cls, every_s: float) -> Sampling:
        """One frame every `every_s` seconds of the grid 0, every_s, 2 every_s ...

        To the end of the video.
        """
        return cls("every", every_s=float(every_s))

    @classmethod
    def at(cls, times_s: Iterable[float]) -> Sampling:
        """The frames shown at these seconds, in any order; past the end that is the last frame."""
        return cls("at", times_s=tuple(sorted(float(t) for t in times_s)))

    @classmethod
    def keyframes(cls) -> Sampling:
        """Only the frames that stand alone: several times cheaper to decode, at irregular times."""
        return cls("keyframes")

    @classmethod
    def native(cls) -> Sampling:
        """Every frame there is."""
        return cls("native")

    @property
    def is_sparse(self) -> bool:
        """Whether frames can be left undecoded because nobody asked for them."""
        return self.mode in ("every", "at")

    @property
    def last_s(self) -> float:
        """No second after this one is wanted."""
        return self.times_s[-1] if self.times_s else (0.0 if self.mode == "at" else math.inf)

    def wants(self, t_s: float, next_s: float) -> bool:
        """Whether the frame shown during `[t_s, next_s)` is one of the chosen."""
        if not self.is_sparse:
            return True
        return self._next_wanted_s(t_s) < next_s - EPSILON_S

    def wants_last(self, t_s: float, end_s: float) -> bool:
        """The same for the last frame of the video, shown until `end_s`.

        Times past the end take it too.
        """
        return self.wants(t_s, math.inf if self.mode == "at" else end_s)

    def _next_wanted_s(self, t_s: float) -> float:
        if self.mode == "every":
            return math.ceil((t_s - EPSILON_S) / self.every_s) * self.every_s
        index = bisect_left(self.times_s, t_s - EPSILON_S)
        return self.times_s[index] if index < len(self.times_s) else math.inf
