from .pipeline.library import (
    Library as Library,
    ask as ask,
    ingest as ingest,
    open_library as open_library,
    search as search,
)
from .records import (
    Answer as Answer,
    Evidence as Evidence,
    FrameBatch as FrameBatch,
    Question as Question,
)
from .settings import (
    Settings as Settings,
)

__version__: str

__all__ = [
    "Answer",
    "Evidence",
    "FrameBatch",
    "Library",
    "Question",
    "Settings",
    "ask",
    "ingest",
    "open_library",
    "search",
]
