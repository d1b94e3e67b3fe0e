"""Estimates whose intervals are known -> tables from which seaborn draws exactly these intervals.

seaborn computes an interval from samples. Given three numbers an estimate, its median is the value
and the range of all three the interval: `GIVEN_INTERVAL` asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Estimate = tuple[float, float, float]
"""A value with the two ends of its 95 % interval."""

GIVEN_INTERVAL: dict[str, Any] = {"estimator": "median", "errorbar": ("pi", 100)}


def three_numbers(rows: Mapping[Any, Estimate], **same: str) -> pd.DataFrame:
    """-> `row`, `value` and the columns of `same`, three lines an estimate. Raises ValueError."""
    for value, low, high in rows.values():
        if not low <= value <= high:
            raise ValueError(
                f"each row is (value, low, high) with low <= value <= high, got {dict(rows)}"
            )
    return pd.DataFrame(
        [
            {"row": name, "value": float(number), **same}
            for name, estimate in rows.items()
            for number in sorted(estimate)
        ],
        columns=["row", "value", *same],
    )


def rows_from_the_top(ax: Axes, rows: Iterable[str], unit: str) -> Axes:
    """Axes whose rows read downwards, without ticks beside their names; `unit` names the x-axis."""
    count = len(list(rows))
    ax.set(xlabel=unit, ylabel="", ylim=(count - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    if not count:
        ax.set_yticks([])
    return ax
