"""Ask a video a question and see the seconds the answer rests on.

>>> import svqa
>>> library = svqa.open_library("sqlite:///svqa.db")    # doctest: +SKIP
>>> library.ingest("bears.mp4")                         # doctest: +SKIP
>>> library.ask("What animal is this?").text            # doctest: +SKIP

Nothing heavy is imported here: torch and transformers come with the first video.
"""

from __future__ import annotations

import os

import lazy_loader

from svqa.moved import point_to_new_homes

__version__ = "0.1.0"

# before onnxruntime is imported, which otherwise writes a device id to the home folder and looks up
# a telemetry host; the same for the hub's client
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

# what others may use, and where it lives, is in `__init__.pyi`
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
point_to_new_homes()
