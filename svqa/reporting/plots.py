"""Records and figures -> pictures: every function takes the axes and gives them back.

Seconds on the time axes, one colour a model in every notebook, an interval wherever a number was
measured on a sample. The caller writes the title: it states the finding.
"""

from __future__ import annotations

from svqa.reporting.estimates import Estimate
from svqa.reporting.frame_plots import frame_with_boxes, thumbnails
from svqa.reporting.interval_plots import bars_with_intervals, dots_by_group, forest
from svqa.reporting.metric_plots import reliability, values_with_baselines
from svqa.reporting.plot_style import (
    EVIDENCE,
    INK,
    LINE,
    SOFT,
    colour_of,
    colour_of_track,
    use_style,
)
from svqa.reporting.time_plots import (
    score_over_time,
    similarity_map,
    timeline_strip,
    tracks_over_time,
)

__all__ = [
    "EVIDENCE",
    "INK",
    "LINE",
    "SOFT",
    "Estimate",
    "bars_with_intervals",
    "colour_of",
    "colour_of_track",
    "dots_by_group",
    "forest",
    "frame_with_boxes",
    "reliability",
    "score_over_time",
    "similarity_map",
    "thumbnails",
    "timeline_strip",
    "tracks_over_time",
    "use_style",
    "values_with_baselines",
]
