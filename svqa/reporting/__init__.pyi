from .clock_clip import (
    make_clock as make_clock,
)
from .clock_clip import (
    make_flashes as make_flashes,
)
from .clock_clip import (
    read_clock as read_clock,
)
from .demo_video import (
    make_demo_video as make_demo_video,
)
from .html import (
    export_html as export_html,
)
from .notebooks import (
    NotebookFailed as NotebookFailed,
)
from .notebooks import (
    NotebookRun as NotebookRun,
)
from .notebooks import (
    parameters_of as parameters_of,
)
from .notebooks import (
    run_notebook as run_notebook,
)
from .page import (
    build_index as build_index,
)
from .plots import (
    EVIDENCE as EVIDENCE,
)
from .plots import (
    SOFT as SOFT,
)
from .plots import (
    bars_with_intervals as bars_with_intervals,
)
from .plots import (
    colour_of as colour_of,
)
from .plots import (
    dots_by_group as dots_by_group,
)
from .plots import (
    forest as forest,
)
from .plots import (
    frame_with_boxes as frame_with_boxes,
)
from .plots import (
    reliability as reliability,
)
from .plots import (
    score_over_time as score_over_time,
)
from .plots import (
    similarity_map as similarity_map,
)
from .plots import (
    thumbnails as thumbnails,
)
from .plots import (
    timeline_strip as timeline_strip,
)
from .plots import (
    tracks_over_time as tracks_over_time,
)
from .plots import (
    use_style as use_style,
)
from .plots import (
    values_with_baselines as values_with_baselines,
)
from .report import (
    run_all as run_all,
)
from .results import (
    figure_text as figure_text,
)
from .results import (
    read_results as read_results,
)
from .results import (
    write_results as write_results,
)
from .sample_clips import (
    real_clip as real_clip,
)

__all__ = [
    "EVIDENCE",
    "SOFT",
    "NotebookFailed",
    "NotebookRun",
    "bars_with_intervals",
    "build_index",
    "colour_of",
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
