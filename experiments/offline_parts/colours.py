"""Boxes whose colour is known -> how often it is named rightly, by how clear it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import counted
from experiments.offline_parts.clips import find_clip, frame_at, truth
from svqa.metrics.results import bootstrap_over_groups
from svqa.models.colours import CLEAR_SHARE, COLOUR_TERMS, colour_shares, name_colours
from svqa.records import Progress

THRESHOLDS = (0.0, 0.4, 0.5, 0.6)


def measure_colours(data: Path, *, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """-> the share of boxes with a colour at least so clear, and of those named rightly.

    Right: the largest colour is one that a person named; several are right where a thing has
    several or lies between two. Intervals resample clips.
    """
    rows = truth("colours")
    tops, right, without, listed, spent = [], [], [], [], 0.0
    for row in counted(rows, "boxes", progress):
        frame = frame_at(find_clip(data, row["clip"]), row["t_s"])
        size = np.array([frame.shape[1], frame.shape[0]] * 2)
        x0, y0, x1, y1 = np.rint(np.array(row["box"]) * size).astype(int)
        box = frame[y0:y1, x0:x1]
        begin = time.process_time()
        shares = colour_shares(box, frame=frame)
        spent += time.process_time() - begin
        tops.append(shares.max())
        right.append(float(COLOUR_TERMS[shares.argmax()] in row["colours"]))
        without.append(float(COLOUR_TERMS[colour_shares(box).argmax()] in row["colours"]))
        listed += [float(term in row["colours"]) for term, _ in name_colours(box, frame=frame)]
    clips, clear = np.array([row["clip"] for row in rows]), np.array(tops)
    figure = lambda values, of: bootstrap_over_groups(values, of, seed).to_json()  # noqa: E731
    return {
        "by_threshold": {
            f"{least:g}": {
                "named": figure((clear >= least).astype(float), clips),
                "right": figure(np.array(right)[clear >= least], clips[clear >= least]),
            }
            for least in THRESHOLDS
        },
        "right_without_the_frame": figure(without, clips),
        "listed_terms_right": [sum(listed), len(listed)],
        "chosen": CLEAR_SHARE,
        "ms_per_box": 1000 * spent / len(rows),
    }
