from .clock_clip import (
    make_clock as make_clock,
    make_flashes as make_flashes,
    read_clock as read_clock,
)
from .demo_video import (
    make_demo_video as make_demo_video,
)
from .frame_plots import (
    frame_with_boxes as frame_with_boxes,
    thumbnails as thumbnails,
)
from .html import (
    export_html as export_html,
)
from .interval_plots import (
    bars_with_intervals as bars_with_intervals,
    dots_by_group as dots_by_group,
    forest as forest,
)
from .metric_plots import (
    reliability as reliability,
    values_with_baselines as values_with_baselines,
)
from .notebooks import (
    NotebookFailed as NotebookFailed,
    NotebookRun as NotebookRun,
    parameters_of as parameters_of,
    run_notebook as run_notebook,
)
from .page import (
    build_index as build_index,
)
from .plot_style import (
    EVIDENCE as EVIDENCE,
    SOFT as SOFT,
    colour_of as colour_of,
    colour_of_track as colour_of_track,
    use_style as use_style,
)
from .report import (
    run_all as run_all,
)
from .results import (
    figure_text as figure_text,
    read_results as read_results,
    write_results as write_results,
)
from .sample_clips import (
    real_clip as real_clip,
)
from .time_plots import (
    score_over_time as score_over_time,
    similarity_map as similarity_map,
    timeline_strip as timeline_strip,
    tracks_over_time as tracks_over_time,
)

__all__ = [
    "EVIDENCE",
    "SOFT",
    "NotebookFailed",
    "NotebookRun",
    "bars_with_intervals",
    "build_index",
    "colour_of",
    "colour_of_track",
    "dots_by_group",
    "export_html",
    "figure_text",
    "forest",
    "frame_with_boxes",
    "make_clock",
    "make_demo_video",
    "make_flashes",
    "parameters_of",
    "read_clock",
    "read_results",
    "real_clip",
    "reliability",
    "run_all",
    "run_notebook",
    "score_over_time",
    "similarity_map",
    "thumbnails",
    "timeline_strip",
    "tracks_over_time",
    "use_style",
    "values_with_baselines",
    "write_results",
]
