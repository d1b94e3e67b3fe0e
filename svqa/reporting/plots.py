"""Records and figures -> pictures: every function takes the axes and gives them back.

Seconds on the time axes, one colour a model in every notebook, an interval wherever a number was
measured on a sample. The caller writes the title: it states the finding.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from svqa.records import Answer, Detection, Evidence, FrameBatch, Segment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, EVIDENCE = "#1b2328", "#5c676f", "#d9d6cd", "#d9552b"
KIND_COLOURS = {"visual": "#0f6e84", "caption": "#7a4fa3", "speech": "#c98a12"}
MODEL_COLOURS = {
    "offline": "#0f6e84",
    "shapes": "#c98a12",
    "hub": "#7a4fa3",
    "lora, q/v": "#86b93b",
    "lora": "#2f8f4e",
    "full": "#b03a5b",
    "frozen": "#5c676f",
    "blind": "#9aa3a9",
    "never looks": "#9aa3a9",
    "baseline": "#9aa3a9",
}
TRACK_COLOURS = ("#d9552b", "#0f6e84", "#7a4fa3", "#2f8f4e", "#b03a5b", "#3b6fb6")
BASELINE_MARKS = ("o", "x", "|", "+", "D")
_OTHERS = ("#3b6fb6", "#8a5a2b", "#4f8f8b", "#a8489c", "#6b7a1e", "#c0533f")

Estimate = tuple[float, float, float]
"""A value with the two ends of its 95 % interval."""


def use_style() -> None:
    """Give every figure of this process the report's look: quiet axes, readable type, sharp on a
    dense screen.
    """
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.figsize": (9, 3.6),
            "figure.dpi": 110,
            "savefig.dpi": 160,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "font.size": 10.5,
            "text.color": INK,
            "axes.labelcolor": SOFT,
            "axes.edgecolor": LINE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlesize": 12,
            "axes.titlepad": 10,
            "xtick.color": SOFT,
            "ytick.color": SOFT,
            "grid.color": "#eeece6",
            "legend.frameon": False,
            "image.cmap": "viridis",
            "svg.hashsalt": "svqa",
        }
    )


def colour_of(model: str) -> str:
    """The colour of a model or model set, the same in every figure; a known name inside `model`
    decides.
    """
    for name, colour in MODEL_COLOURS.items():
        if name in model.lower():
            return colour
    return _OTHERS[zlib.crc32(model.encode()) % len(_OTHERS)]


def timeline_strip(
    ax: Axes,
    *,
    duration_s: float,
    shots: Sequence[Segment] = (),
    evidence: Sequence[Evidence] = (),
    answer: Answer | None = None,
) -> Axes:
    """A video from left to right: its shots, the evidence found (darker: better), the seconds the
    answer rests on.
    """
    rows = ("shots", "evidence", "answer")
    for i, shot in enumerate(shots or [Segment(0.0, duration_s, "shot")]):
        ax.broken_barh(
            [(shot.start_s, shot.end_s - shot.start_s)],
            (2.1, 0.6),
            color=("#cfd8dc", "#a9b8bf")[i % 2],
        )
    best = max((e.score for e in evidence), default=1.0) or 1.0
    for e in evidence:
        alpha = 0.25 + 0.75 * max(0.0, min(1.0, e.score / best))
        ax.broken_barh(
            [_visible(e.start_s, e.end_s, duration_s)],
            (1.1, 0.6),
            color=KIND_COLOURS[e.kind],
            alpha=alpha,
            linewidth=0,
        )
    for e in answer.evidence if answer else ():
        ax.broken_barh([_visible(e.start_s, e.end_s, duration_s)], (0.1, 0.6), color=EVIDENCE)
    ax.set(
        xlim=(0, duration_s),
        ylim=(-0.1, 2.9),
        yticks=(2.4, 1.4, 0.4),
        yticklabels=rows,
        xlabel="time in the video [s]",
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    _legend_of_kinds(ax, {e.kind for e in evidence})
    return ax


def thumbnails(fig: Figure, frames: FrameBatch, titles: Sequence[str] = ()) -> Figure:
    """The frames in a row, each with its second, or with `titles` where given (one a frame)."""
    shown = list(titles) or [f"{t:.1f} s" for t in frames.t_s]
    if len(shown) != len(frames):
        raise ValueError(
            f"thumbnails need one title a frame: {len(frames)} frames, {len(shown)} titles"
        )
    for ax, pixels, title in zip(
        np.atleast_1d(fig.subplots(1, max(1, len(frames)))), frames.pixels, shown, strict=False
    ):
        ax.imshow(pixels)
        ax.set_title(title, fontsize=9.5, fontweight="normal")
        ax.set_axis_off()
    return fig


def bars_with_intervals(
    ax: Axes,
    rows: Mapping[str, Estimate],
    *,
    unit: str = "",
    baseline: float | None = None,
    baseline_name: str = "baseline",
) -> Axes:
    """One bar a row `name -> (value, low, high)` with its 95 % interval, best known baseline as a
    dashed line.
    """
    values, errors, y = _bounds(rows)
    ax.barh(y, values, height=0.62, color=[colour_of(name) for name in rows])
    ax.errorbar(values, y, xerr=errors, fmt="none", ecolor=INK, elinewidth=1.4, capsize=3)
    for i, (_, _, high) in enumerate(rows.values()):
        ax.annotate(
            f"{values[i]:.3g}",
            (high, i),
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
        )
    ax.set(yticks=y, yticklabels=list(rows), xlabel=unit, ylim=(len(rows) - 0.35, -0.6))
    ax.margins(x=0.12)
    return ax


def dots_by_group(
    ax: Axes, series: Mapping[str, Mapping[str, Estimate]], *, unit: str = ""
) -> Axes:
    """`{model: {group: (value, low, high)}}`: a line a group, on it each model's dot with its 95 %
    interval.
    """
    shifts = np.linspace(-0.28, 0.28, len(series)) if len(series) > 1 else [0.0]
    for i, (name, rows) in enumerate(series.items()):
        values, errors, y = _bounds(rows)
        ax.errorbar(
            values,
            y + shifts[i],
            xerr=errors,
            fmt="osD^vP"[i % 6],
            markersize=5.5,
            color=colour_of(name),
            capsize=2,
            elinewidth=1.2,
            label=name,
        )
    groups = list(next(iter(series.values())))
    ax.set(
        yticks=range(len(groups)), yticklabels=groups, xlabel=unit, ylim=(len(groups) - 0.45, -0.55)
    )
    for edge in np.arange(len(groups) - 1) + 0.5:
        ax.axhline(edge, color=LINE, linewidth=0.8)
    return ax


def forest(
    ax: Axes, rows: Mapping[str, Estimate], *, unit: str = "difference", margin: float = 0.0
) -> Axes:
    """Paired differences `name -> (value, low, high)` around zero; `margin` shades what counts as
    equivalent.
    """
    values, errors, y = _bounds(rows)
    if margin:
        ax.axvspan(-margin, margin, color="#eeece6", zorder=0)
    ax.axvline(0, color=SOFT, linewidth=1)
    for i, (_, low, high) in enumerate(rows.values()):
        decided = low > 0 or high < 0
        ax.errorbar(
            values[i],
            y[i],
            xerr=errors[:, i : i + 1],
            fmt="o" if decided else "s",
            markersize=7,
            capsize=3,
            color=EVIDENCE if decided else SOFT,
            markerfacecolor=EVIDENCE if decided else "white",
        )
    ax.set(yticks=y, yticklabels=list(rows), xlabel=unit, ylim=(len(rows) - 0.4, -0.6))
    return ax


def similarity_map(
    ax: Axes, similarity: np.ndarray, t_s: np.ndarray, *, cuts_s: Sequence[float] = ()
) -> Axes:
    """`similarity (T, T)` of every moment with every other over time, shot boundaries as white
    lines.
    """
    if similarity.shape != (len(t_s), len(t_s)):
        raise ValueError(
            f"similarity must be ({len(t_s)}, {len(t_s)}) for {len(t_s)} times, got "
            f"{similarity.shape}"
        )
    extent = (float(t_s[0]), float(t_s[-1]), float(t_s[-1]), float(t_s[0]))
    image = ax.imshow(similarity, extent=extent, vmax=1.0, interpolation="nearest")
    for cut in cuts_s:
        ax.axvline(cut, color="white", linewidth=0.8)
        ax.axhline(cut, color="white", linewidth=0.8)
    ax.set(xlabel="time [s]", ylabel="time [s]", xlim=extent[:2], ylim=extent[2:])
    ax.figure.colorbar(image, ax=ax, label="cosine similarity", shrink=0.85)
    return ax


def score_over_time(
    ax: Axes,
    t_s: np.ndarray,
    scores: np.ndarray,
    *,
    spans: Sequence[tuple[float, float]] = (),
    label: str = "",
) -> Axes:
    """How well each moment matches a question; `spans` are shaded (the truth, or what was
    chosen).
    """
    for start_s, end_s in spans:
        ax.axvspan(start_s, end_s, color=EVIDENCE, alpha=0.15, linewidth=0)
    ax.plot(t_s, scores, color=KIND_COLOURS["visual"], linewidth=1.8, label=label or None)
    ax.set(xlabel="time in the video [s]", ylabel="match")
    ax.margins(x=0)
    return ax


def reliability(
    ax: Axes,
    stated: Sequence[float],
    right: Mapping[str, Estimate] | Sequence[Estimate],
    *,
    label: str = "",
) -> Axes:
    """Stated confidence (0 to 1) against the share that was right, with intervals; the diagonal is
    calibrated.
    """
    estimates = np.asarray(
        list(right.values() if isinstance(right, Mapping) else right), dtype=float
    ).reshape(-1, 3)
    values, low, high = estimates.T
    ax.plot([0, 1], [0, 1], color=LINE, linestyle="--")
    colour = colour_of(label)
    ax.errorbar(
        stated,
        values,
        yerr=[values - low, high - values],
        fmt="o-",
        color=colour,
        capsize=3,
        label=label or None,
    )
    ax.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="stated confidence", ylabel="share right", aspect="equal"
    )
    return ax


def frame_with_boxes(
    ax: Axes, pixels: np.ndarray, found: Sequence[Detection], *, names: bool = False
) -> Axes:
    """A frame (H, W, 3) with its boxes: in a track's colour with its number, or in one colour;
    `names` adds label and score.

    Lines run a hundredth of the width outside the boxes, where there is room, so that they hide
    nothing of what is in them.
    """
    from matplotlib.patches import Rectangle

    height_px, width_px = pixels.shape[:2]
    ax.imshow(pixels)
    for box in found:
        wider = np.array(box.xyxy_px) + np.array([-1, -1, 1, 1]) * width_px / 100
        left, top, right, bottom = np.clip(wider, 0, [width_px - 1, height_px - 1] * 2)
        colour = colour_of_track(box.track_id)
        for edge, width in (
            ("white", 2.8),
            (colour, 1.6),
        ):  # a rim of white shows on any background
            ax.add_patch(
                Rectangle(
                    (left, top),
                    right - left,
                    bottom - top,
                    fill=False,
                    edgecolor=edge,
                    linewidth=width,
                )
            )
        words = ([str(box.track_id)] if box.track_id else []) + (
            [f"{box.label} {box.score:.2f}"] if names else []
        )
        if words:
            ax.text(
                left,
                top,
                " ".join(words),
                color="white",
                fontsize=8.5,
                va="bottom" if top > 14 else "top",
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.4},
                clip_on=True,
            )
    ax.set_axis_off()
    return ax


def tracks_over_time(ax: Axes, found: Sequence[Detection], *, duration_s: float) -> Axes:
    """One row a track, in the colours of `frame_with_boxes`: when it was seen, and its label
    wherever that changes.
    """
    ids = sorted({box.track_id for box in found if box.track_id is not None})
    step_s = float(min(np.diff(sorted({box.t_s for box in found})), default=0.1))
    for row, track in enumerate(ids):
        for label, start_s, end_s in _runs([box for box in found if box.track_id == track], step_s):
            ax.broken_barh(
                [(start_s, end_s - start_s)],
                (row - 0.3, 0.6),
                color=colour_of_track(track),
                edgecolor="white",
            )
            ax.annotate(
                label,
                (start_s, row),
                xytext=(5, 0),
                textcoords="offset points",
                color="white",
                va="center",
                fontsize=9,
            )
    ax.set(
        xlim=(0, duration_s),
        ylim=(len(ids) - 0.4, -0.6),
        yticks=range(len(ids)),
        yticklabels=[f"track {track}" for track in ids],
        xlabel="time in the video [s]",
    )
    ax.tick_params(axis="y", length=0)
    return ax


def values_with_baselines(
    ax: Axes,
    rows: Mapping[str, Estimate],
    baselines: Mapping[str, Mapping[str, float]],
    *,
    unit: str = "",
    label: str = "",
) -> Axes:
    """Each row's value with its interval; just below it, what each baseline (`name -> row -> value`)
    reaches on that row.
    """
    values, errors, y = _bounds(rows)
    ax.hlines(y[:-1] + 0.5, 0, 1, color=LINE, linewidth=0.8, transform=ax.get_yaxis_transform())
    ax.errorbar(
        values,
        y - 0.14,
        xerr=errors,
        fmt="o",
        color=colour_of(label),
        capsize=3,
        label=label or None,
    )
    for mark, (name, reached) in zip(BASELINE_MARKS, baselines.items(), strict=False):
        here = np.array([i for i, row in enumerate(rows) if row in reached])
        at = [reached[row] for row in rows if row in reached]
        ax.plot(
            at,
            here + 0.2,
            mark,
            color=SOFT,
            fillstyle="none",
            markersize=7,
            markeredgewidth=1.6,
            label=name,
            linestyle="",
        )
    ax.set(yticks=y, yticklabels=list(rows), xlabel=unit, ylim=(len(rows) - 0.4, -0.6))
    return ax


def colour_of_track(track_id: int | None) -> str:
    """The colour of a track in every picture of one video; the first one for a box without a
    track.
    """
    return TRACK_COLOURS[((track_id or 1) - 1) % len(TRACK_COLOURS)]


def _runs(track: Sequence[Detection], step_s: float) -> list[tuple[str, float, float]]:
    """The boxes of a track in time order -> (label, from, to) of its unbroken stretches, each box
    lasting one step.
    """
    runs: list[tuple[str, float, float]] = []
    for box in track:
        if runs and runs[-1][0] == box.label and box.t_s - runs[-1][2] < step_s / 2:
            runs[-1] = (box.label, runs[-1][1], box.t_s + step_s)
        else:
            runs.append((box.label, box.t_s, box.t_s + step_s))
    return runs


def _bounds(rows: Mapping[str, Estimate]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> values (N,), distances to the ends of the intervals (2, N), positions (N,)."""
    estimates = np.asarray(list(rows.values()), dtype=float).reshape(-1, 3)
    values, low, high = estimates.T
    if np.any(low > values) or np.any(high < values):
        raise ValueError(
            f"each row is (value, low, high) with low <= value <= high, got {dict(rows)}"
        )
    return values, np.stack([values - low, high - values]), np.arange(len(rows))


def _visible(start_s: float, end_s: float, duration_s: float) -> tuple[float, float]:
    """A span as (start, width), wide enough to be seen even where it is one frame."""
    return start_s, max(end_s - start_s, duration_s / 150)


def _legend_of_kinds(ax: Axes, kinds: set[str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(color=KIND_COLOURS[kind], label=kind) for kind in KIND_COLOURS if kind in kinds
    ]
    if handles:
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=len(handles),
            fontsize=9,
            handlelength=1,
        )
