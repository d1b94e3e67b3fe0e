"""Metrics beside their baselines, and stated confidence beside accuracy, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import seaborn as sns

from svqa.reporting.estimates import GIVEN_INTERVAL, Estimate, rows_from_the_top, three_numbers
from svqa.reporting.plot_style import LINE, SOFT, colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASELINE_MARKS = ("o", "^", "s", "D", "v")


def values_with_baselines(
    ax: Axes,
    rows: Mapping[str, Estimate],
    baselines: Mapping[str, Mapping[str, float]],
    *,
    unit: str = "",
    label: str = "",
) -> Axes:
    """Each row's value and interval, the baselines (`name -> row -> value`) in grey on its line.

    A bar leads from the best baseline to the value: what was gained over it, or lost.
    """
    ax.grid(axis="x", zorder=0.5)
    sns.pointplot(
        three_numbers(rows),
        x="value",
        y="row",
        color=colour_of(label),
        linestyle="none",
        markersize=7,
        capsize=0.16,
        err_kws={"linewidth": 1.6},
        label=label or None,
        legend=False,
        zorder=4,
        ax=ax,
        **GIVEN_INTERVAL,
    )
    known = pd.DataFrame(
        [
            (reached[row], row, name)
            for name, reached in baselines.items()
            for row in rows
            if row in reached
        ],
        columns=["value", "row", "baseline"],
    )
    if len(known):
        sns.scatterplot(
            known,
            x="value",
            y="row",
            style="baseline",
            markers=dict(zip(baselines, BASELINE_MARKS, strict=False)),
            facecolor="white",
            edgecolor=SOFT,
            linewidth=1.3,
            s=46,
            zorder=3,
            ax=ax,
        )
        if (legend := ax.get_legend()) is not None:
            legend.remove()  # the caller places it: the entries stay with the axes
    for i, (row, (value, _, _)) in enumerate(rows.items()):
        reached = known.loc[known["row"] == row, "value"]
        if len(reached):
            ax.hlines(i, reached.max(), value, color=LINE, linewidth=5, zorder=1)
    return rows_from_the_top(ax, rows, unit)


def reliability(
    ax: Axes,
    stated: Sequence[float],
    right: Mapping[str, Estimate] | Sequence[Estimate],
    *,
    label: str = "",
) -> Axes:
    """Stated confidence against the share that was right, both 0 to 1: a reliability diagram.

    The diagonal is calibrated (Guo et al. 2017, arXiv:1706.04599); the shaded gap is the error.
    """
    estimates = list(right.values()) if isinstance(right, Mapping) else list(right)
    table = three_numbers(dict(zip(stated, estimates, strict=True)))
    values = [value for value, _, _ in estimates]
    colour = colour_of(label)
    ax.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1, zorder=1)
    ax.fill_between(stated, stated, values, color=colour, alpha=0.15, linewidth=0)
    sns.lineplot(
        table,
        x="row",
        y="value",
        color=colour,
        marker="o",
        markersize=7,
        err_style="bars",
        err_kws={"capsize": 3},
        label=label or None,
        ax=ax,
        **GIVEN_INTERVAL,
    )
    ax.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="stated confidence", ylabel="share right", aspect="equal"
    )
    return ax
