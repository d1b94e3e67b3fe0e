"""Per-question values -> a figure with its interval and n; figures -> the JSON of `svqa eval`.

Questions of one video are not independent, so every interval here resamples videos, not questions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from svqa.metrics.few_videos import FEW_VIDEOS, Bounds, bounds_of, interval_of_few


@dataclass(frozen=True)
class Figure:
    """A measured value with its interval and how many questions stand behind it.

    Accuracies are fractions, 0 to 1.

    `low`, `high` bound a 95 % interval (percentile bootstrap over groups, unless the maker says
    otherwise).

    >>> str(Figure(0.486, 0.461, 0.511, 2427))
    '48.6 [46.1, 51.1] % (n = 2427)'
    """

    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError(
                f"a figure needs finite numbers, got {self.value} [{self.low}, {self.high}]"
            )
        if self.low > self.high:
            raise ValueError(f"low must not exceed high, got [{self.low}, {self.high}]")
        if self.n < 1:
            raise ValueError(f"a figure needs at least one value behind it, got n = {self.n}")

    def __str__(self) -> str:
        return (
            f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}] % (n = {self.n})"
        )

    def to_json(self) -> dict:
        """-> `{"value", "low", "high", "n"}`, rounded to 1e-6."""
        return {
            "value": round(self.value, 6),
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "n": self.n,
        }


@dataclass(frozen=True)
class EvalResult:
    """What one evaluation found.

    Figures by metric, by question type, the baselines beside them, and its fingerprint.

    `by_type` maps a question type to its figures by metric, `baselines` a baseline's name to its
    figures by metric (a baseline has no access to the video or is not this method).
    `fingerprint` says what was measured: split, file checksums, model ids, seed. Two results with
    different fingerprints are not compared. `per_question` keeps one row a question.
    """

    n: int
    metrics: Mapping[str, Figure]
    by_type: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    fingerprint: Mapping[str, object] = field(default_factory=dict)
    per_question: tuple[Mapping[str, object], ...] = ()

    def __post_init__(self) -> None:
        reserved = {"n", "by_type", "baselines", "fingerprint", "per_question"} & set(self.metrics)
        if reserved:
            raise ValueError(
                "these names are taken in the JSON form, name the metric otherwise: "
                f"{sorted(reserved)}"
            )

    def to_json(self, *, per_question: bool = False) -> dict:
        """-> a dictionary that JSON can hold.

        `{"n", metric: {"value", "low", "high", "n"}, "by_type": ..., "baselines": ...,
        "fingerprint": ...}`.
        """
        out: dict = {"n": self.n, **_figures_json(self.metrics)}
        out["by_type"] = {name: _figures_json(figures) for name, figures in self.by_type.items()}
        out["baselines"] = {
            name: _figures_json(figures) for name, figures in self.baselines.items()
        }
        out["fingerprint"] = dict(self.fingerprint)
        if per_question:
            out["per_question"] = [dict(row) for row in self.per_question]
        return out


def bootstrap_over_groups(
    values: Sequence[float] | np.ndarray,
    groups: Sequence | np.ndarray,
    seed: int,
    n: int = 2000,
    *,
    bounds: Bounds | None = None,
) -> Figure:
    """Mean of `values (N,)` with a 95 % interval from resampling whole groups (videos) `n` times.

    Give differences of two models on the same questions to get the interval of a paired difference.
    The statistic is the mean over questions, so a video with more questions weighs more, in the
    sample and in every resample. Raises ValueError on an empty or non-finite input. Field and Welsh
    2007 (cluster bootstrap), percentile interval.

    Of fewer than 20 groups, or without a spread, it is at least as wide as `interval_of_few`, which
    may take a group as one trial: three right answers about one video are no certainty. `bounds`
    are the least and the greatest value there can be: by default [0, 1], or [-1, 1] where a value
    is negative, and none where one lies beyond; for differences give (-1, 1). Raises UsageError
    where there are no bounds and no spread either.

    >>> bootstrap_over_groups([1, 1, 0, 0], ["a", "a", "b", "b"], seed=0)
    Figure(value=0.5, low=0.0, high=1.0, n=4)
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or len(values) != len(groups):
        raise ValueError(
            f"values must be (N,), N >= 1, with a group each, got {values.shape}, "
            f"{len(groups)} groups"
        )
    if not np.all(np.isfinite(values)):
        raise ValueError(
            "values must be finite; count an answer that cannot be parsed as wrong (0)"
        )
    sums, counts = _sums_by_group(values, groups)
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(n, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    limits = bounds or bounds_of(values)
    if len(sums) < FEW_VIDEOS or (low == high and np.isfinite(limits).all()):
        wide = interval_of_few(sums, counts, limits)
        low, high = min(low, wide[0]), max(high, wide[1])
    return Figure(float(values.mean()), float(low), float(high), len(values))


def figures_by_type(
    values: Sequence[float] | np.ndarray,
    groups: Sequence | np.ndarray,
    types: Sequence[str],
    seed: int,
    *,
    metric: str = "accuracy",
) -> dict[str, dict[str, Figure]]:
    """-> `{type: {metric: Figure}}`, types in alphabetical order.

    Each is resampled over the groups it occurs in.
    """
    of_type, value, group = np.asarray(types), np.asarray(values, np.float64), np.asarray(groups)
    return {
        str(name): {
            metric: bootstrap_over_groups(value[of_type == name], group[of_type == name], seed)
        }
        for name in sorted(set(of_type.tolist()))
    }


def _sums_by_group(
    values: np.ndarray, groups: Sequence | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    _, index = np.unique(np.asarray([str(g) for g in groups]), return_inverse=True)
    return np.bincount(index, weights=values), np.bincount(index).astype(np.float64)


def _figures_json(figures: Mapping[str, Figure]) -> dict:
    return {name: figure.to_json() for name, figure in figures.items()}
