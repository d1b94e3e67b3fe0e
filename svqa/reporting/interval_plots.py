"""Figures with their 95 % intervals -> bars, dots by group, a forest plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import seaborn as sns

from svqa.reporting.estimates import GIVEN_INTERVAL, Estimate, rows_from_the_top, three_numbers
from svqa.reporting.plot_style import EVIDENCE, INK, SOFT, colour_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MODEL_MARKS = ("o", "s", "D", "^", "v", "P", "X")


def bars_with_intervals(
    ax: Axes,
    rows: Mapping[str, Estimate],
    *,
    unit: str = "",
    baseline: float | None = None,
    baseline_name: str = "baseline",
) -> Axes:
    """One bar a row `name -> (value, low, high)` and its interval; a known baseline is dashed."""
    colours = {name: colour_of(name) for name in rows}
    sns.barplot(
        three_numbers(rows),
        x="value",
        y="row",
        hue="row",
        palette=colours,
        legend=False,
        width=0.62,
        saturation=1,
        alpha=0.85,
        capsize=0.22,
        err_kws={"color": INK, "linewidth": 1.3},
        ax=ax,
        **GIVEN_INTERVAL,
    )
    for i, (value, _, high) in enumerate(rows.values()):
        ax.annotate(
            f"{value:.3g}",
            (max(high, 0.0), i),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9.5,
        )
    if baseline is not None:
        ax.axvline(baseline, color=SOFT, linestyle="--", linewidth=1)
        ax.annotate(
            baseline_name,
            (baseline, len(rows) - 0.42),
            xytext=(4, 0),
            textcoords="offset points",
            color=SOFT,
            fontsize=9,
            va="bottom",
        )
    ax.margins(x=0.12)
    return rows_from_the_top(ax, rows, unit)


def dots_by_group(
    ax: Axes, series: Mapping[str, Mapping[str, Estimate]], *, unit: str = ""
) -> Axes:
    """`{model: {group: (value, low, high)}}` -> a dot with its interval a model and group."""
    table = pd.concat([three_numbers(rows, model=name) for name, rows in series.items()])
    groups = list(next(iter(series.values())))
    for i in range(1, len(groups), 2):
        ax.axhspan(i - 0.5, i + 0.5, color="#f6f5f1", zorder=0)
    ax.grid(axis="x", zorder=0.5)
    sns.pointplot(
        table,
        x="value",
        y="row",
        hue="model",
        order=groups,
        palette={name: colour_of(name) for name in series},
        markers=[_MODEL_MARKS[i % len(_MODEL_MARKS)] for i in range(len(series))],
        dodge=0.6 if len(series) > 1 else False,
        linestyle="none",
        markersize=6,
        err_kws={"linewidth": 1.5},
        ax=ax,
        **GIVEN_INTERVAL,
    )
    sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1), title=None)
    return rows_from_the_top(ax, groups, unit)


def forest(
    ax: Axes, rows: Mapping[str, Estimate], *, unit: str = "difference", margin: float = 0.0
) -> Axes:
    """Paired differences `name -> (value, low, high)` around zero: a forest plot with its numbers.

    A filled dot: the interval leaves out zero. `margin` shades what counts as equivalent.
    """
    if margin:
        ax.axvspan(-margin, margin, color="#eeece6", zorder=0)
    ax.axvline(0, color=SOFT, linewidth=1, zorder=1)
    decided = {name: low > 0 or high < 0 for name, (_, low, high) in rows.items()}
    sns.pointplot(
        three_numbers(rows),
        x="value",
        y="row",
        hue="row",
        palette={name: EVIDENCE if sure else SOFT for name, sure in decided.items()},
        legend=False,
        linestyle="none",
        marker="none",
        err_kws={"linewidth": 1.6},
        capsize=0.14,
        ax=ax,
        **GIVEN_INTERVAL,
    )
    digits = 1 if max((high - low for _, low, high in rows.values()), default=0) >= 1 else 3
    for i, (name, (value, low, high)) in enumerate(rows.items()):
        colour = EVIDENCE if decided[name] else SOFT
        face = colour if decided[name] else "white"
        ax.plot(value, i, "o", color=colour, markerfacecolor=face, markersize=7, zorder=5)
        ax.annotate(
            f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]",
            (1, i),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
        )
    return rows_from_the_top(ax, rows, unit)
