"""Two models' values on the same questions -> which is better, and how sure.

And what this many questions could have shown.

Questions of one video are not independent, so the video is the unit everywhere: intervals resample
videos, the permutation test flips the sign of a whole video's differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from svqa.errors import UsageError
from svqa.metrics.betting import Stretches, bounds_of_all, refuted
from svqa.metrics.few_videos import interval_of_few

K = TypeVar("K")
ALPHA = 0.05
POWER = 0.80
MARGIN = 0.02
FEW_PAIRED = 50  # videos; of 20, intervals of resampling alone held the truth in 93 % of cases


@dataclass(frozen=True)
class PairedComparison:
    """What a paired comparison of A and B found.

    `difference` is mean(A) - mean(B), with a 95 % interval over videos.

    `p` is the sign-flip permutation p, `mcnemar_p` the exact McNemar p (None unless the values are
    right / wrong), which takes questions as independent and is shown for reference only.
    `detectable` is the smallest true difference that this sample would have found significant with
    80 % power. `verdict`: `better` (the interval excludes zero and p <= 0.05), `equivalent` (the
    90 % interval of `betting`, which a rare large difference that was not seen cannot escape, lies
    within +- `margin`: two one-sided tests, Schuirmann 1987) or `undecided`;
    `winner` is `a`, `b` or None.
    """

    difference: float
    low: float
    high: float
    p: float
    mcnemar_p: float | None
    detectable: float
    margin: float
    n: int
    videos: int
    seed: int
    verdict: str
    winner: str | None


def compare_paired(
    a: ArrayLike,
    b: ArrayLike,
    videos: Sequence | np.ndarray,
    *,
    seed: int = 0,
    margin: float = MARGIN,
    draws: int = 5000,
    chosen_of: int = 1,
) -> PairedComparison:
    """Compare values of A and B on the same questions, `(N,)` each.

    `videos (N,)` names the video each question is about.

    Bootstrap over videos (Field and Welsh 2007), sign-flip permutation over videos (exact where
    there are at most 12). Of fewer than 50 videos the interval is at least that of Student's t, and
    where they show no spread as wide as the binomial one (`few_videos`). Differences outside of
    [-1, 1] are never called equivalent: nothing bounds what was not seen. `chosen_of`: A is the
    best of so many on these very questions, so the level is divided by it (Bonferroni), that of
    the interval too. Raises UsageError where the lengths differ or fewer than two videos are there.

    >>> compare_paired([1, 1, 1, 0] * 10, [0, 0, 1, 0] * 10, np.arange(40) // 2).winner
    'a'
    """
    of_a, of_b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not len(of_a) == len(of_b) == len(videos):
        raise UsageError(
            f"A pair needs the same questions: got {len(of_a)} and {len(of_b)} values for "
            f"{len(videos)} videos."
        )
    sums, counts = _by_video(of_a - of_b, videos)
    if len(sums) < 2:
        raise UsageError(
            f"A comparison needs at least two videos, got {len(sums)}: one video has no "
            "spread to measure."
        )
    rng = np.random.default_rng(seed)
    resampled = _bootstrap(sums, counts, rng, draws)
    p = _sign_flip(sums, rng, draws)
    alpha = ALPHA / chosen_of
    low, high = _interval(resampled, sums, counts, 1 - alpha)
    verdict, winner = "undecided", None
    if p * chosen_of <= ALPHA and (low > 0 or high < 0):
        verdict, winner = "better", "a" if low > 0 else "b"
    elif _is_within(margin, sums, counts, alpha, seed):
        verdict = "equivalent"
    spread = float(resampled.std(ddof=1))
    if len(sums) < FEW_PAIRED or spread == 0:
        spread = max(spread, (high - low) / (2 * stats.norm.ppf(1 - alpha / 2)))
    detectable = (stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(POWER)) * spread
    return PairedComparison(
        float((of_a - of_b).mean()),
        float(low),
        float(high),
        min(1.0, p * chosen_of),
        _mcnemar(of_a, of_b),
        float(detectable),
        margin,
        len(of_a),
        len(sums),
        seed,
        verdict,
        winner,
    )


def holm(p_values: Mapping[K, float]) -> dict[K, float]:
    """Adjusted p-values for several comparisons: reject those at most alpha (Holm 1979, step-down).

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted: dict[K, float] = {}
    worst = 0.0
    for i, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        worst = max(worst, min(1.0, p * (len(p_values) - i)))
        adjusted[name] = worst
    return adjusted


def _by_video(values: np.ndarray, videos: Sequence | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) -> (V,) sums and counts."""
    _, index = np.unique(np.asarray([str(v) for v in videos]), return_inverse=True)
    return np.bincount(index, weights=values), np.bincount(index).astype(np.float64)


def _bootstrap(
    sums: np.ndarray, counts: np.ndarray, rng: np.random.Generator, draws: int
) -> np.ndarray:
    # (draws, V): how often each video came
    picks = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=draws)
    return (picks @ sums) / (picks @ counts)


def _interval(
    resampled: np.ndarray, sums: np.ndarray, counts: np.ndarray, level: float
) -> tuple[float, float]:
    """Percentiles; of few videos at least as wide as their spread, or the lack of it, allows.

    Without a spread resampling knows nothing: there the bounds are those of bets.
    """
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    if len(sums) < FEW_PAIRED:
        other = interval_of_few(sums, counts, (-1.0, 1.0), level=level)
        low, high = min(low, other[0]), max(high, other[1])
    elif low == high and (np.abs(sums) <= counts).all():
        low, high = bounds_of_all(_units(sums, counts), alpha=1 - level)
    return float(low), float(high)


def _units(sums: np.ndarray, counts: np.ndarray) -> Stretches:
    return Stretches(sums, counts, -counts, counts, spread=0.25)


def _is_within(
    margin: float, sums: np.ndarray, counts: np.ndarray, alpha: float, seed: int
) -> bool:
    """Whether the mean surely lies within the margin, however rare a difference may be."""
    if np.any(np.abs(sums) > counts) or abs(sums.sum()) >= margin * counts.sum():
        return False
    at = np.array([-margin, margin])  # what lies beyond them is refuted with them
    return bool(refuted(_units(sums, counts), at, alpha=2 * alpha, seed=seed).all())


def _sign_flip(sums: np.ndarray, rng: np.random.Generator, draws: int) -> float:
    """Two-sided p of a permutation test that flips the sign of each video's sum (Good 2005)."""
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    seen = abs(sums.sum()) - 1e-12
    if len(sums) <= 12:
        signs = 1 - 2 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1)
        return float(np.mean(np.abs(signs @ sums) >= seen))
    signs = 1 - 2 * rng.integers(0, 2, size=(draws, len(sums)), dtype=np.int8)
    return float((1 + np.sum(np.abs(signs @ sums) >= seen)) / (1 + draws))


def _mcnemar(a: np.ndarray, b: np.ndarray) -> float | None:
    """Exact two-sided McNemar p over the questions on which only one was right (McNemar 1947).

    None unless all are 0 or 1.
    """
    if not np.all(np.isin(a, (0, 1)) & np.isin(b, (0, 1))):
        return None
    only_a, only_b = int(np.sum(a > b)), int(np.sum(b > a))
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b).pvalue)
