"""Several runs of one thing that draws lots, on the same questions -> a figure that says so.

One run says nothing of how different the next would be, and its interval over videos does not
either.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import t as student

from svqa.metrics.few_videos import Bounds
from svqa.metrics.results import Figure, bootstrap_over_groups


def figure_of_runs(
    values: np.ndarray, groups: list[str], seed: int, *, bounds: Bounds | None = None
) -> Figure:
    """`values (S, N)` of S >= 2 runs -> their mean, 95 % over groups and over runs.

    Each side's reach is the root of two squares: the reach over groups of the questions' means, and
    Student's t times the standard error of the runs' means. Raises ValueError for a single run.

    >>> figure_of_runs(np.array([[1, 1, 0, 0], [1, 0, 0, 0]]), [*"abcd"], 0).value
    0.375
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"several runs are (S, N) with S >= 2, got {values.shape}")
    over_groups = bootstrap_over_groups(values.mean(axis=0), groups, seed, bounds=bounds)
    means = values.mean(axis=1)
    error = float(means.std(ddof=1)) / math.sqrt(len(means))
    reach = float(student.ppf(0.975, len(means) - 1)) * error
    value, (least, most) = over_groups.value, map(float, bounds or (0, 1))
    return Figure(
        value,
        max(least, value - math.hypot(value - over_groups.low, reach)),
        min(most, value + math.hypot(over_groups.high - value, reach)),
        values.shape[1],
    )
