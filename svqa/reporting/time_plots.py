"""What happens over the seconds of a video -> its timeline, scores, tracks and self-similarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns

from svqa.records import Answer, Detection, Evidence, Segment
from svqa.reporting.plot_style import EVIDENCE, KIND_COLOURS, colour_of_track

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOT_COLOURS = ("#cfd8dc", "#a9b8bf")
_TICK_EVERY_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


def timeline_strip(
    ax: Axes,
    *,
    duration_s: float,
    shots: Sequence[Segment] = (),
    evidence: Sequence[Evidence] = (),
    answer: Answer | None = None,
) -> Axes:
    """A video from left to right: shots, evidence (darker: better), seconds of the answer."""
    for i, shot in enumerate(shots or [Segment(0.0, duration_s, "shot")]):
        span = [(shot.start_s, shot.end_s - shot.start_s)]
        ax.broken_barh(span, (2.1, 0.6), color=_SHOT_COLOURS[i % 2])
    best = max((e.score for e in evidence), default=1.0) or 1.0
    for e in evidence:
        ax.broken_barh(
            [_visible(e.start_s, e.end_s, duration_s)],
            (1.1, 0.6),
            color=KIND_COLOURS[e.kind],
            alpha=0.25 + 0.75 * max(0.0, min(1.0, e.score / best)),
            linewidth=0,
        )
    for e in answer.evidence if answer else ():
        ax.broken_barh([_visible(e.start_s, e.end_s, duration_s)], (0.1, 0.6), color=EVIDENCE)
    ax.set(
        xlim=(0, duration_s),
        ylim=(-0.1, 2.9),
        yticks=(2.4, 1.4, 0.4),
        yticklabels=("shots", "evidence", "answer"),
        xlabel="time in the video [s]",
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    _legend_of_kinds(ax, {e.kind for e in evidence})
    return ax


def score_over_time(
    ax: Axes,
    t_s: np.ndarray,
    scores: np.ndarray,
    *,
    spans: Sequence[tuple[float, float]] = (),
    label: str = "",
) -> Axes:
    """How well each moment matches a question; `spans` (true or chosen ones) are shaded."""
    for start_s, end_s in spans:
        ax.axvspan(start_s, end_s, color=EVIDENCE, alpha=0.15, linewidth=0)
    ax.plot(t_s, scores, color=KIND_COLOURS["visual"], linewidth=1.8, label=label or None)
    ax.set(xlabel="time in the video [s]", ylabel="score")
    ax.margins(x=0)
    return ax


def tracks_over_time(ax: Axes, found: Sequence[Detection], *, duration_s: float) -> Axes:
    """One row a track, in the colours of `frame_with_boxes`: when it was seen, and as what."""
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


def similarity_map(
    ax: Axes,
    similarity: np.ndarray,
    t_s: np.ndarray,
    *,
    cuts_s: Sequence[float] = (),
    lowest: float | None = None,
) -> Axes:
    """`similarity (T, T)`: cosine of every moment with every other, shot boundaries as white lines.

    The colours end at 1 and begin at `lowest`, or at the lowest cosine here: give maps that stand
    side by side the same one.
    """
    if similarity.shape != (len(t_s), len(t_s)):
        raise ValueError(
            f"similarity must be ({len(t_s)}, {len(t_s)}) for {len(t_s)} times, got "
            f"{similarity.shape}"
        )
    sns.heatmap(
        similarity,
        vmin=lowest,
        vmax=1,
        cmap="mako",
        square=True,
        xticklabels=False,
        yticklabels=False,
        cbar_kws={"label": "cosine similarity", "fraction": 0.046, "pad": 0.04, "format": "%.2f"},
        ax=ax,
    )
    first_s, last_s = float(t_s[0]), float(t_s[-1])
    step_s = (last_s - first_s) / max(1, len(t_s) - 1) or 1.0
    every_s = next((s for s in _TICK_EVERY_S if (last_s - first_s) / s <= 5), _TICK_EVERY_S[-1])
    ticks_s = np.arange(np.ceil(first_s / every_s) * every_s, last_s + 1e-6, every_s)
    at, names = (ticks_s - first_s) / step_s + 0.5, [f"{s:g}" for s in ticks_s]  # a cell's middle
    for cut in (np.asarray(cuts_s, dtype=float) - first_s) / step_s + 0.5:
        ax.axvline(cut, color="white", linewidth=0.8)
        ax.axhline(cut, color="white", linewidth=0.8)
    ax.set_xticks(at, names, rotation=0)
    ax.set_yticks(at, names, rotation=0)
    ax.set(xlabel="time [s]", ylabel="time [s]")
    return ax


def _runs(track: Sequence[Detection], step_s: float) -> list[tuple[str, float, float]]:
    """A track's boxes in time order -> (label, from, to) of unbroken runs; a box lasts one step."""
    runs: list[tuple[str, float, float]] = []
    for box in track:
        if runs and runs[-1][0] == box.label and box.t_s - runs[-1][2] < step_s / 2:
            runs[-1] = (box.label, runs[-1][1], box.t_s + step_s)
        else:
            runs.append((box.label, box.t_s, box.t_s + step_s))
    return runs


def _visible(start_s: float, end_s: float, duration_s: float) -> tuple[float, float]:
    """A span as (start, width), wide enough to be seen even where it is one frame."""
    return start_s, max(end_s - start_s, duration_s / 150)


def _legend_of_kinds(ax: Axes, kinds: set[str]) -> None:
    """The modalities that are drawn, to the right of the axes, where no title is."""
    from matplotlib.patches import Patch

    handles = [
        Patch(color=KIND_COLOURS[kind], label=kind) for kind in KIND_COLOURS if kind in kinds
    ]
    if handles:
        ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1)
