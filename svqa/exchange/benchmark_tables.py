"""Annotation files -> their rows: JSON by row or by name, Parquet, and the folder of MVBench."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from svqa.errors import UsageError, unknown_name
from svqa.json_lines import Mistake, decode, read_json, values

Row = dict[str, Any]

MVBENCH_OF_FRAMES = "episodic_reasoning"  # its videos are folders of pictures
# where each task's videos lie below the benchmark's `video/`
MVBENCH_FOLDERS = {
    "action_sequence": "star/Charades_v1_480/",
    "action_prediction": "star/Charades_v1_480/",
    "action_antonym": "ssv2_video/",
    "fine_grained_action": "Moments_in_Time_Raw/videos/",
    "unexpected_action": "FunQA_test/test/",
    "object_existence": "clevrer/video_validation/",
    "object_interaction": "star/Charades_v1_480/",
    "object_shuffle": "perception/videos/",
    "moving_direction": "clevrer/video_validation/",
    "action_localization": "sta/sta_video/",
    "scene_transition": "scene_qa/video/",
    "action_count": "perception/videos/",
    "moving_count": "clevrer/video_validation/",
    "moving_attribute": "clevrer/video_validation/",
    "state_change": "perception/videos/",
    "fine_grained_pose": "nturgbd/",
    "character_order": "perception/videos/",
    "egocentric_navigation": "vlnqa/",
    "counterfactual_inference": "clevrer/video_validation/",
}


def json_objects(path: Path, *, by_name: bool = False) -> Iterator[tuple[str, Any]]:
    """-> (line or name, value) of a list, of JSON Lines, or with `by_name` of one object."""
    if by_name:
        found = read_json(path.read_bytes(), path)
        if not isinstance(found, dict):
            raise UsageError(f"{path} must hold one object with a value a name.")
        yield from found.items()
        return
    for line, value in values(decode(path.read_bytes(), path)):
        if isinstance(value, Mistake) or not isinstance(value, dict):
            raise UsageError(f"{path}, line {line}: expected an object a question.")
        yield str(line), value


def parquet_rows(path: Path) -> Iterable[Row]:
    """-> the rows of a Parquet file, lists as lists."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError("pyarrow is not installed. Run: pip install 'svqa[exchange]'") from None
    try:
        rows: list[Row] = pyarrow.parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise UsageError(f"{path} is no Parquet file: {error}") from None
    return rows


def mvbench_files(path: Path) -> Iterator[tuple[Path, str]]:
    """-> each task's file, by name, and the folder of its videos below `video/`."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in (file for file in files if file.stem != MVBENCH_OF_FRAMES):
        if file.stem not in MVBENCH_FOLDERS:
            raise UsageError(unknown_name("task of MVBench", file.stem, tuple(MVBENCH_FOLDERS)))
        yield file, MVBENCH_FOLDERS[file.stem]


def field_of(row: Mapping[str, Any], name: str, path: Path) -> Any:
    """-> a field's value. Raises UsageError that names what a row lacks."""
    if not isinstance(row, Mapping) or row.get(name) is None:
        raise UsageError(f"{path} is not of this benchmark: a row has no `{name}`.")
    return row[name]


def as_span(start: object, end: object) -> list[float] | None:
    """-> [start, end] in seconds, None where nothing lies between them."""
    try:
        span = [float(start), float(end)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UsageError(f"seconds must be numbers, got {start!r} and {end!r}.") from None
    return span if all(map(math.isfinite, span)) and 0 <= span[0] < span[1] else None
