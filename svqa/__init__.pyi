from .pipeline.library import (
    Library as Library,
)
from .pipeline.library import (
    ask as ask,
)
from .pipeline.library import (
    ingest as ingest,
)
from .pipeline.library import (
    open_library as open_library,
)
from .pipeline.library import (
    search as search,
)
from .records import (
    Answer as Answer,
)
from .records import (
    Evidence as Evidence,
)
from .records import (
    FrameBatch as FrameBatch,
)
from .records import (
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
