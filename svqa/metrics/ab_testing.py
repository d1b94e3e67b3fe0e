"""Questions as they arrive -> two arms, and a difference that may be looked at at any time.

Each question's arm is a hash of the experiment's name and the question's key, so a question that
comes again meets the same model. The difference is estimated by inverse propensity, summed within
each video, and bounded by an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy
and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences",
arXiv:2103.06476): it holds at all times at once, so stopping when it excludes zero does not inflate
false alarms.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np

from svqa.errors import UsageError

FIRST_LOOK = 30  # videos before the asymptotics are trusted


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
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
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
        centred = score - self._guess()  # the guess uses the past only, so each term keeps its mean
        self._sums[video] = (
            self._sums.get(video, 0.0) + (centred if arm == "b" else -centred) / share
        )
        self._counts[video] = self._counts.get(video, 0) + 1
        self._arms[arm][0] += score
        self._arms[arm][1] += 1
        return arm

    def read(self) -> Reading:
        """The difference so far and its bounds.

        -1 to 1 (nothing known) before `FIRST_LOOK` videos.
        """
        counts = np.fromiter(self._counts.values(), float, len(self._counts))
        sums = np.fromiter(self._sums.values(), float, len(self._sums))
        n_a, n_b = int(self._arms["a"][1]), int(self._arms["b"][1])
        if len(sums) < FIRST_LOOK:
            return Reading(0.0, -1.0, 1.0, n_a, n_b, len(sums))
        difference = float(sums.sum() / counts.sum())
        residual = (sums - difference * counts) / counts.mean()
        radius = _radius(len(sums), float(residual.std(ddof=1)), self.alpha, self.tuned_for)
        return Reading(
            difference,
            max(-1.0, difference - radius),
            min(1.0, difference + radius),
            n_a,
            n_b,
            len(sums),
        )

    def _guess(self) -> float:
        total, n = (sum(arm[i] for arm in self._arms.values()) for i in (0, 1))
        return (total + 0.5) / (n + 1)


def _radius(t: int, spread: float, alpha: float, tuned_for: int) -> float:
    """Half width of the confidence sequence at time `t`.

    Their equation for iid means, with rho tuned for one time.
    """
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned_for
    variance = max(spread, 1e-6) ** 2
    scaled = t * rho2  # rho is in units of the spread
    return math.sqrt(
        2 * (scaled + 1) / (t**2 * rho2) * math.log(math.sqrt(scaled + 1) / alpha) * variance
    )
