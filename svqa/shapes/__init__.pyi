from .balance import (
    Balance as Balance,
)
from .balance import (
    WorldQuestion as WorldQuestion,
)
from .balance import (
    baselines as baselines,
)
from .balance import (
    gist as gist,
)
from .dataset import (
    MadeDataset as MadeDataset,
)
from .dataset import (
    draw_questions as draw_questions,
)
from .dataset import (
    make_dataset as make_dataset,
)
from .dataset import (
    split_of as split_of,
)
from .questions import (
    FRAME_TYPES as FRAME_TYPES,
)
from .questions import (
    TIME_TYPES as TIME_TYPES,
)
from .questions import (
    TYPES as TYPES,
)
from .questions import (
    frame_questions as frame_questions,
)
from .questions import (
    questions as questions,
)
from .questions import (
    video_questions as video_questions,
)
from .render import (
    frame_times as frame_times,
)
from .render import (
    mono as mono,
)
from .render import (
    render as render,
)
from .render import (
    render_pixels as render_pixels,
)
from .render import (
    stereo as stereo,
)
from .render import (
    write_mp4 as write_mp4,
)
from .sampling import (
    sample_crowd as sample_crowd,
)
from .sampling import (
    sample_look as sample_look,
)
from .sampling import (
    sample_scene as sample_scene,
)
from .sampling import (
    sample_still as sample_still,
)
from .sampling import (
    scene_of as scene_of,
)
from .scene import (
    COLOURS as COLOURS,
)
from .scene import (
    DIRECTIONS as DIRECTIONS,
)
from .scene import (
    DURATION_S as DURATION_S,
)
from .scene import (
    PLACES as PLACES,
)
from .scene import (
    SHAPES as SHAPES,
)
from .scene import (
    SIZES as SIZES,
)
from .scene import (
    Actor as Actor,
)
from .scene import (
    Event as Event,
)
from .scene import (
    Look as Look,
)
from .scene import (
    Scene as Scene,
)
from .scene import (
    Sighting as Sighting,
)
from .scene import (
    heading as heading,
)
from .scene import (
    place_of as place_of,
)
from .truth import (
    LABELS as LABELS,
)
from .truth import (
    boxes as boxes,
)
from .truth import (
    description as description,
)
from .truth import (
    frame_caption as frame_caption,
)
from .truth import (
    phrase as phrase,
)
from .truth import (
    steady_times as steady_times,
)
from .truth import (
    tracks as tracks,
)

__all__ = [
    "COLOURS",
    "DIRECTIONS",
    "DURATION_S",
    "FRAME_TYPES",
    "LABELS",
    "PLACES",
    "SHAPES",
    "SIZES",
    "TIME_TYPES",
    "TYPES",
    "Actor",
    "Balance",
    "Event",
    "Look",
    "MadeDataset",
    "Scene",
    "Sighting",
    "WorldQuestion",
    "baselines",
    "boxes",
    "description",
    "draw_questions",
    "frame_caption",
    "frame_questions",
    "frame_times",
    "gist",
    "heading",
    "make_dataset",
    "mono",
    "phrase",
    "place_of",
    "questions",
    "render",
    "render_pixels",
    "sample_crowd",
    "sample_look",
    "sample_scene",
    "sample_still",
    "scene_of",
    "split_of",
    "steady_times",
    "stereo",
    "tracks",
    "video_questions",
    "write_mp4",
]
