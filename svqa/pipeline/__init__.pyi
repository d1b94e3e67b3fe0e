from .analysis import (
    Analysis as Analysis,
)
from .ask import (
    Shown as Shown,
    shown_about as shown_about,
)
from .audio_analysis import (
    AudioAnalysis as AudioAnalysis,
)
from .chosen_models import (
    chosen_models as chosen_models,
)
from .frame_selection import (
    frames_as_shown as frames_as_shown,
    frames_to_show as frames_to_show,
    shown_px as shown_px,
)
from .ingest import (
    IngestReport as IngestReport,
)
from .kept_words import (
    build_words as build_words,
)
from .library import (
    Library as Library,
    open_library as open_library,
)
from .question_evidence import (
    found_beside as found_beside,
)
from .search import (
    scores_over_time as scores_over_time,
)
from .search_cache import (
    PassageIndex as PassageIndex,
    SearchCache as SearchCache,
)
from .shot_boundaries import (
    ShotBoundaryFinder as ShotBoundaryFinder,
)
from .video_files import (
    find_videos as find_videos,
    said_of_passed_over as said_of_passed_over,
)

__all__ = [
    "Analysis",
    "AudioAnalysis",
    "IngestReport",
    "Library",
    "PassageIndex",
    "SearchCache",
    "ShotBoundaryFinder",
    "Shown",
    "build_words",
    "chosen_models",
    "find_videos",
    "found_beside",
    "frames_as_shown",
    "frames_to_show",
    "open_library",
    "said_of_passed_over",
    "scores_over_time",
    "shown_about",
    "shown_px",
]
