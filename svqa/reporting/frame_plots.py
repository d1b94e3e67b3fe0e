"""Frames -> pictures: a row of thumbnails with their seconds, and a frame with its boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from svqa.records import Detection, FrameBatch
from svqa.reporting.plot_style import colour_of_track

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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


def frame_with_boxes(
    ax: Axes, pixels: np.ndarray, found: Sequence[Detection], *, names: bool = False
) -> Axes:
    """A frame (H, W, 3) with its boxes in their tracks' colours; `names` adds label and score.

    Lines run a hundredth of the width outside the boxes, so that they hide nothing of what is in
    them. A name that would leave the frame is written from the box's right edge to the left.
    """
    from matplotlib.patches import Rectangle

    height_px, width_px = pixels.shape[:2]
    ax.imshow(pixels)
    for box in found:
        wider = np.array(box.xyxy_px) + np.array([-1, -1, 1, 1]) * width_px / 100
        left, top, right, bottom = np.clip(wider, 0, [width_px - 1, height_px - 1] * 2)
        colour = colour_of_track(box.track_id)
        for edge, width in (("white", 2.8), (colour, 1.6)):  # the rim shows on any background
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
        words = [str(box.track_id)] if box.track_id else []
        words += [f"{box.label} {box.score:.2f}"] if names else []
        if words:
            at_right = left > width_px / 2
            ax.text(
                right if at_right else left,
                top,
                " ".join(words),
                color="white",
                fontsize=8.5,
                ha="right" if at_right else "left",
                va="bottom" if top > height_px / 12 else "top",
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.4},
                clip_on=True,
            )
    ax.set_axis_off()
    return ax
