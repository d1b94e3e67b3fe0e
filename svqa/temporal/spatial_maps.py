"""Boxes and their times -> vectors that say where something is, whatever it is.

A picture's vector from a small encoder holds what and where tied together (a red circle at the left
is unlike a blue star at the left), so two different things that move the same way share no
direction. A map of where boxes are does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.records import Detection

CELLS = 6


def layout_vectors(
    boxes: Sequence[Detection],
    t_s: np.ndarray,
    *,
    width_px: int,
    height_px: int,
    cells: int = CELLS,
) -> np.ndarray:
    """-> (T, cells^2) float32: how much of a box is near each cell of the picture.

    At each of the times `t_s (T,)`.

    Each box adds its score in a Gaussian of one cell's width around its centre, so a small step
    changes little. Boxes of other times are left out; a time without boxes gives zeros. The rows
    are not of length 1: two things count more than one. Labels are not looked at.

    >>> box = Detection("cat", 1.0, (0.0, 0.0, 20.0, 20.0), 0.5, "m")
    >>> vectors = layout_vectors([box], np.array([0.5, 1.0]), width_px=120, height_px=120)
    >>> vectors.argmax(axis=1).tolist()
    [0, 0]
    """
    t_s = np.asarray(t_s, np.float64)
    out = np.zeros((len(t_s), cells, cells))
    row_of = {float(t): i for i, t in enumerate(t_s)}
    middles = (np.arange(cells) + 0.5) / cells
    for box in boxes:
        row = row_of.get(float(box.t_s))
        if row is None:
            continue
        left, top, right, bottom = box.xyxy_px
        across = np.exp(-0.5 * ((middles - (left + right) / 2 / width_px) * cells) ** 2)
        down = np.exp(-0.5 * ((middles - (top + bottom) / 2 / height_px) * cells) ** 2)
        out[row] += box.score * np.outer(down, across)
    return out.reshape(len(t_s), cells * cells).astype(np.float32)
