"""Questions as they arrive -> two arms, and a difference that may be looked at at any time.

Each question's arm is a hash of the experiment's name and the question's key, so a question that
comes again meets the same model. The difference is estimated by inverse propensity, summed within
each video, and bounded by bets on the videos in the order in which they first came (`betting`). The
bounds hold at all times at once, so stopping when they exclude zero does not inflate false alarms,
whatever the arms' shares and however seldom the models fail.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from svqa.errors import UsageError
from svqa.metrics.betting import Stretches, bounds_at_any_time


def arm_of(experiment: str, key: str, *, share_b: float = 0.5) -> str:
    """-> `a` or `b`, always the same for the same experiment and key.

    >>> asked = "clip.mp4|What colour is it?"
    >>> arm_of("blip-r8", asked) == arm_of("blip-r8", asked)
    True
    """
    if not 0 < share_b < 1:
        raise UsageError(f"share_b must be between 0 and 1, got {share_b}.")
    digest = hashlib.sha256(f"{experiment}\x1f{key}".encode()).digest()
    return "b" if int.from_bytes(digest[:8], "big") / 2**64 < share_b else "a"


@dataclass(frozen=True)
class Reading:
    """An A/B test as it stands: `difference` mean(B) - mean(A), with bounds valid at every look."""

    difference: float
    low: float
    high: float
    n_a: int
    n_b: int
    videos: int

    @property
    def decided(self) -> bool:
        """Whether one arm has shown itself better."""
        return self.low > 0 or self.high < 0


@dataclass
class ABTest:
    """One experiment. `record` what an arm's model scored on a question; `read` whenever you like.

    `alpha` bounds the chance of ever calling two equal models different; `tuned_for` is the number
    of videos at which the bounds are tightest. Questions of one video count as one unit; a video
    may come back at any time.
    """

    experiment: str
    alpha: float = 0.05
    share_b: float = 0.5
    tuned_for: int = 300
    _sums: dict[str, list[float]] = field(default_factory=dict)
    _arms: dict[str, list[float]] = field(
        default_factory=lambda: {"a": [0.0, 0.0], "b": [0.0, 0.0]}
    )

    def arm(self, video: str, question: str) -> str:
        """The arm that answers this question."""
        return arm_of(self.experiment, f"{video}|{question}", share_b=self.share_b)

    def record(self, video: str, question: str, score: float) -> str:
        """Keep what the question's arm scored (0 to 1); -> that arm."""
        if not 0 <= score <= 1:
            raise UsageError(f"A score must be in [0, 1], got {score}.")
        arm = self.arm(video, question)
        share = self.share_b if arm == "b" else 1 - self.share_b
        guess = self._guess()  # from the past only, so each term keeps its mean
        term = (score - guess) / share
        of_a, of_b = ((guess / s, (1 - guess) / s) for s in (1 - self.share_b, self.share_b))
        row = (term if arm == "b" else -term, 1.0, -max(of_b[0], of_a[1]), max(of_b[1], of_a[0]))
        kept = self._sums.setdefault(video, [0.0] * len(row))
        self._sums[video] = [old + new for old, new in zip(kept, row, strict=True)]
        self._arms[arm][0] += score
        self._arms[arm][1] += 1
        return arm

    def read(self) -> Reading:
        """The difference so far and its bounds: -1 to 1 while nothing is known."""
        n_a, n_b = int(self._arms["a"][1]), int(self._arms["b"][1])
        if not self._sums:
            return Reading(0.0, -1.0, 1.0, n_a, n_b, 0)
        units = self.units()
        low, high = bounds_at_any_time(units, alpha=self.alpha, horizon=self.tuned_for)
        difference = float(np.clip(units.sums.sum() / units.counts.sum(), -1, 1))
        return Reading(difference, low, high, n_a, n_b, len(units))

    def units(self) -> Stretches:
        """The videos in the order in which they first came, with what they say of B - A."""
        rows = np.array(list(self._sums.values())).reshape(-1, 4)
        spread = 0.25 * (1 / self.share_b + 1 / (1 - self.share_b))
        sums, counts, least, greatest = rows.T
        return Stretches(sums, counts, least, greatest, spread)

    def _guess(self) -> float:
        total, n = (sum(arm[i] for arm in self._arms.values()) for i in (0, 1))
        return (total + 0.5) / (n + 1)
