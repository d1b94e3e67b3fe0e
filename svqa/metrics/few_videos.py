"""A mean over few videos -> an interval that does not take a missing spread for certainty.

Resampling two videos that agree gives the same mean every time, hence an interval of no width. What
is known without any spread is where the values can lie: of all values in [0, 1] with a given mean,
those that are 0 or 1 spread most. So each video is taken as one trial that went right or wrong, and
the exact binomial interval of that many trials is wide enough (Clopper and Pearson 1934). Where six
videos or more do show a spread, it counts too.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from svqa.errors import UsageError

FEW_VIDEOS = 20  # from here on resampling videos is trusted alone
FEWEST_TO_DECIDE = 6  # with five, all signs alike has p = 2 / 2**5, which is above 0.05
Bounds = tuple[float, float]


def bounds_of(values: np.ndarray) -> Bounds:
    """-> where such values can lie: shares in [0, 1], differences of shares in [-1, 1].

    Anywhere, where one of them lies elsewhere: seconds, for example.
    """
    lowest, highest = float(values.min()), float(values.max())
    if lowest < -1 or highest > 1:
        return -np.inf, np.inf
    return (0.0 if lowest >= 0 else -1.0), 1.0


def interval_of_few(
    sums: np.ndarray, counts: np.ndarray, bounds: Bounds, *, level: float = 0.95
) -> tuple[float, float]:
    """`sums (V,)` and `counts (V,)` of few videos -> an interval of the mean over their questions.

    Of fewer than six, or without a spread, the widest; without bounds there is none, and UsageError
    is raised where videos show no spread. Else differences, which seldom come near
    their bounds, have that of Student's t over videos (linearised as the mean over questions is,
    Cochran 1977, 6.5), and shares the exact binomial one of as many trials as would have spread so,
    fewer for the few videos that tell the spread (Korn and Graubard 1998).
    """
    mean = float(sums.sum() / counts.sum())
    residuals = (sums - mean * counts) / counts.mean()
    error = float(residuals.std(ddof=1)) / len(sums) ** 0.5 if len(sums) > 1 else 0.0
    bounded = np.isfinite(bounds).all()
    if not bounded and error < 1e-9:
        raise UsageError(
            f"{len(sums)} videos without a spread say nothing of how far off their mean may be. "
            "Give the least and the greatest value there can be: `bounds=(least, greatest)`."
        )
    if bounded and (len(sums) < FEWEST_TO_DECIDE or error < 1e-9):
        return widest_interval(mean, counts, bounds, level=level)
    upper = 1 - (1 - level) / 2
    width = float(stats.t.ppf(upper, len(sums) - 1))
    if bounds[0] < 0:
        half = width * error
        return max(bounds[0], mean - half), min(bounds[1], mean + half)
    scale = bounds[1] - bounds[0]
    share = np.clip((mean - bounds[0]) / scale, 0, 1)
    spread_as = share * (1 - share) / (error / scale) ** 2
    trials = spread_as * (float(stats.norm.ppf(upper)) / width) ** 2
    trials = min(float(counts.sum()), max(trials, _as_many_as(counts)))
    return _binomial(float(share), trials, bounds, level)


def widest_interval(
    mean: float, counts: np.ndarray, bounds: Bounds, *, level: float = 0.95
) -> tuple[float, float]:
    """-> the exact binomial interval of a mean, with as many trials as there are videos.

    `counts (V,)`: questions of each video. Where they differ, fewer videos count (Kish 1965), as
    one with many questions outweighs the others.

    >>> low, high = widest_interval(1.0, np.array([1, 1, 1]), (0, 1))
    >>> round(low, 3), high
    (0.292, 1.0)
    """
    least, greatest = bounds
    share = float(np.clip((mean - least) / (greatest - least), 0, 1))
    return _binomial(share, _as_many_as(counts), bounds, level)


def _as_many_as(counts: np.ndarray) -> float:
    return float(counts.sum() ** 2 / (counts**2).sum())


def _binomial(share: float, trials: float, bounds: Bounds, level: float) -> tuple[float, float]:
    right = share * trials
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, right, trials - right + 1) if right > 0 else 0.0
    high = stats.beta.ppf(1 - tail, right + 1, trials - right) if right < trials else 1.0
    least, scale = bounds[0], bounds[1] - bounds[0]
    return least + scale * float(low), least + scale * float(high)
