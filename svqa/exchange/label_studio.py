"""Films <-> Label Studio: spans and boxes as tasks to be checked, and what people made of them.

The format is that of Label Studio's JSON export: a task has `data`, `predictions` and
`annotations`, whose `result` holds regions (https://labelstud.io/guide/task_format).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from svqa.database import Store, StoredVideo
from svqa.errors import UsageError

FROM = "label"  # name of the labels in the project's configuration, `<TimelineLabels name="label">`
TO = "video"


def label_studio_task(
    store: Store, video: StoredVideo, *, url: str | None = None
) -> dict[str, Any]:
    """-> one task: the film, its captions and speech as spans, its boxes, as predictions to check.

    `url`: where Label Studio finds the film, its path without one. Spans are frames, counted from
    1, boxes per cent of the picture, as Label Studio has them.
    """
    rate = video.rate_hz or 25.0
    spans = [
        (kind, line.start_s, line.end_s, line.text)
        for kind, lines in (
            ("caption", store.captions(video.id)),
            ("speech", store.utterances(video.id)),
            ("text", store.text_boxes(video.id)),
        )
        for line in lines
    ]
    regions = [
        {
            "id": f"span-{number}",
            "from_name": FROM,
            "to_name": TO,
            "type": "timelinelabels",
            "value": {
                "ranges": [{"start": _frame(start_s, rate), "end": _frame(end_s, rate)}],
                "timelinelabels": [kind],
            },
            "meta": {"text": [text]},
        }
        for number, (kind, start_s, end_s, text) in enumerate(spans)
    ]
    regions += list(_boxes(store, video, rate))
    return {
        "data": {TO: url or video.path, "svqa": video.id, "rate_hz": rate},
        "predictions": [{"model_version": "svqa", "result": regions}],
    }


def _boxes(store: Store, video: StoredVideo, rate: float) -> Iterator[dict[str, Any]]:
    wide, tall = video.width_px / 100, video.height_px / 100
    for number, box in enumerate(store.detections(video.id)):
        left, top, right, bottom = box.xyxy_px
        place = {
            "frame": _frame(box.t_s, rate),
            "time": box.t_s,
            "enabled": False,
            "rotation": 0,
            "x": left / wide,
            "y": top / tall,
            "width": (right - left) / wide,
            "height": (bottom - top) / tall,
        }
        yield {
            "id": f"box-{number}",
            "from_name": "box",
            "to_name": TO,
            "type": "videorectangle",
            "score": box.score,
            "value": {"sequence": [place], "labels": [box.label]},
        }


def questions_of_label_studio(path: str | Path) -> list[dict[str, Any]]:
    """-> rows of a question file, from a JSON export whose tasks hold questions.

    A task's `data` has `video` and `question`, perhaps `options`; the answer is the text or choice
    that people gave, the spans those of its timeline labels. Tasks without an answer give no row.
    Raises UsageError where the file is no such export.
    """
    try:
        tasks = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no JSON export of Label Studio: {error}") from None
    if not isinstance(tasks, list) or not all(isinstance(t, dict) for t in tasks):
        raise UsageError(f"{path} is no JSON export of Label Studio: expected a list of tasks.")
    return [row for task in tasks for row in _rows(task)]


def _rows(task: dict[str, Any]) -> Iterable[dict[str, Any]]:
    data = task.get("data") or {}
    rate = float(data.get("rate_hz") or 25.0)
    for annotation in task.get("annotations") or ():
        answers: list[str] = []
        spans: list[list[float]] = []
        for region in annotation.get("result") or ():
            value = region.get("value") or {}
            answers += [*value.get("text", ()), *value.get("choices", ())]
            spans += [
                [(one["start"] - 1) / rate, (one["end"] - 1) / rate]
                for one in value.get("ranges", ())
                if one["start"] < one["end"]
            ]
        if not answers or annotation.get("was_cancelled"):
            continue
        row = {"video": data.get("video"), "question": data.get("question"), "answers": answers}
        row |= {"options": data["options"]} if data.get("options") else {}
        row |= {"spans": spans} if spans else {}
        yield {**row, "id": f"task {task.get('id')} annotation {annotation.get('id')}"}


def _frame(t_s: float, rate: float) -> int:
    return round(t_s * rate) + 1
