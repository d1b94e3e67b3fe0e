"""Ask a video a question and see the seconds the answer rests on.

>>> import svqa
>>> library = svqa.open_library("sqlite:///svqa.db")    # doctest: +SKIP
>>> library.ingest("bears.mp4")                         # doctest: +SKIP
>>> library.ask("What animal is this?").text            # doctest: +SKIP

Nothing heavy is imported here: torch and transformers come with the first video.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Library", "ask", "ingest", "open_library", "search"]


def __getattr__(name: str):
    if name in __all__:
        from svqa.pipeline import library

        return getattr(library, name)
    raise AttributeError(f"module 'svqa' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
