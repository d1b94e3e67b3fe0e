"""Bounded values, one after another -> bounds of their mean, without any asymptotics.

If the mean were m, nobody could grow rich by betting on the values around it. So a capital that
grew past 1 / alpha refutes m, at whatever time it did (Ville 1939), and the means that are not
refuted bound the truth at all times at once: Waudby-Smith and Ramdas, "Estimating means of bounded
random variables by betting", arXiv:2010.09686. Skewed values, rare values and values without a
spread are no exception, as they are to a bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STAKE = 0.75  # of what a bet can lose at most: c in the paper
MEANS = np.linspace(-1.0, 1.0, 801)  # candidates for the mean of a difference
ORDERS = 8  # in which values of a fixed number are bet on


@dataclass(frozen=True, eq=False)
class Stretches:
    """Sums over units (videos), and where they could have lain: each `(U,)` float64.

    `sums` of `counts` values each; `least` and `greatest`: bounds of the sums, known before them.
    `spread`: a guess of the values' variance, also from before.
    """

    sums: np.ndarray
    counts: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    spread: float

    def __len__(self) -> int:
        return len(self.sums)

    def __getitem__(self, rows: np.ndarray) -> Stretches:
        parts = (self.sums, self.counts, self.least, self.greatest)
        sums, counts, least, greatest = (part[rows] for part in parts)
        return Stretches(sums, counts, least, greatest, self.spread)


def log_capital(
    units: Stretches, means: np.ndarray = MEANS, *, horizon: float, alpha: float
) -> np.ndarray:
    """(U,) units in the order in which they came -> (U, M) log of the capital after each.

    Half of it bets that the mean of all values is above each of `means (M,)`, half that it is
    below. `horizon`: after how many units the bets should pay best. The mean is that over all
    values, so a unit counts by its `counts`.
    """
    gain = units.sums[:, None] - units.counts[:, None] * means  # (U, M), of mean 0 if m is true
    stake = _stakes(units, horizon=horizon, alpha=alpha)[:, None]
    lost = np.maximum(units.counts[:, None] * means - units.least[:, None], 1e-12)
    won = np.maximum(units.greatest[:, None] - units.counts[:, None] * means, 1e-12)
    up = np.cumsum(np.log1p(np.minimum(stake, STAKE / lost) * gain), axis=0)
    down = np.cumsum(np.log1p(-np.minimum(stake, STAKE / won) * gain), axis=0)
    return np.logaddexp(up, down) - math.log(2)


def bounds_at_any_time(units: Stretches, *, alpha: float, horizon: float) -> tuple[float, float]:
    """-> least and greatest mean that was never refuted: valid however often one looks."""
    capital = log_capital(units, horizon=horizon, alpha=alpha)
    return _between(capital.max(axis=0) < -math.log(alpha))


def refuted(units: Stretches, means: np.ndarray, *, alpha: float, seed: int = 0) -> np.ndarray:
    """-> (M,) whether units of a fixed number refute each of `means (M,)`.

    Bets are made in several orders, because none is the right one; a mean of capitals is one too.
    """
    rng, found = np.random.default_rng(seed), np.full(len(means), -np.inf)
    for _ in range(ORDERS):
        order = units[rng.permutation(len(units))]
        found = np.logaddexp(found, log_capital(order, means, horizon=len(units), alpha=alpha)[-1])
    return found - math.log(ORDERS) >= -math.log(alpha)


def bounds_of_all(units: Stretches, *, alpha: float, seed: int = 0) -> tuple[float, float]:
    """-> least and greatest mean that is not refuted by units of a fixed number.

    >>> same = np.zeros(300)
    >>> units = Stretches(same, same + 1, same - 1, same + 1, 0.25)
    >>> low, high = bounds_of_all(units, alpha=0.1)
    >>> -0.02 < low < 0 < high < 0.02
    True
    """
    return _between(~refuted(units, MEANS, alpha=alpha, seed=seed))


def _stakes(units: Stretches, *, horizon: float, alpha: float) -> np.ndarray:
    """(U,) what is bet before each unit comes, from those before it alone."""
    count = np.arange(1, len(units) + 1)
    values = np.cumsum(units.counts)
    mean = np.cumsum(units.sums) / np.maximum(values, 1)
    off = (units.sums - mean * units.counts) ** 2  # each around the mean as it then was
    guess = units.spread * values / count  # of a unit of the size seen so far
    variance = (guess + np.cumsum(off)) / (count + 1)
    before = np.append(guess[0], variance[:-1])
    time = np.maximum(count * np.log(count + 1), horizon)
    return np.sqrt(2 * math.log(2 / alpha) / (np.maximum(before, 1e-12) * time))


def _between(kept: np.ndarray) -> tuple[float, float]:
    """The candidates that are kept, and the grid's step around them; all where none is."""
    at = np.flatnonzero(kept)
    if not len(at):
        return float(MEANS[0]), float(MEANS[-1])
    low, high = MEANS[max(0, at[0] - 1)], MEANS[min(len(MEANS) - 1, at[-1] + 1)]
    return float(low), float(high)
