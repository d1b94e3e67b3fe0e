"""Films and what was found in them -> temporal detections, as FiftyOne reads them from a folder.

The format is `fiftyone.types.FiftyOneTemporalDetectionDataset`: `labels.json` with spans of frames
for each film, `data.json` with where the films are (https://docs.voxel51.com, "Importing data").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from svqa.database import Store, StoredQuery, StoredVideo
from svqa.errors import UsageError
from svqa.media import is_object

NEAR = 1e-6  # of a frame: seconds of a frame's own time are that frame


def temporal_detections(
    store: Store, video: StoredVideo, asked: Iterable[StoredQuery] = ()
) -> list[dict[str, Any]]:
    """-> captions, speech and text in the picture of a film, and what answers cite, as detections.

    `label` is the kind, `attributes` hold the words, `support` is the first and the last frame,
    counted from 1, at the film's mean rate.
    """
    rate = video.rate_hz or 25.0
    last = max(1, round(video.duration_s * rate))
    spans = [
        *_lines("caption", store.captions(video.id)),
        *_lines("speech", store.utterances(video.id)),
        *_lines("text", store.text_boxes(video.id)),
        *_cited(video, asked),
    ]
    detections = []
    for label, start_s, end_s, score, words in spans:
        first = min(last, int(start_s * rate + NEAR) + 1)
        detections.append(
            {
                "label": label,
                "support": [first, max(first, min(last, round(end_s * rate)))],
                "confidence": min(1.0, max(0.0, score)),
                "attributes": words,
            }
        )
    return detections


def write_fiftyone(
    store: Store, videos: Sequence[StoredVideo], folder: str | Path, *, overwrite: bool = False
) -> int:
    """Write `labels.json` and `data.json` into `folder`; -> how many detections they hold.

    The films stay where they are. Raises UsageError where either file is there already.
    """
    folder = Path(folder)
    files = [folder / "labels.json", folder / "data.json"]
    if (there := [str(file) for file in files if file.exists()]) and not overwrite:
        raise UsageError(f"'{there[0]}' is there already. Name another folder, or say --overwrite.")
    folder.mkdir(parents=True, exist_ok=True)
    labels = {}
    for video in videos:
        asked = [q for q in store.queries(10_000, video=video.id) if q.kind == "ask"]
        labels[video.id] = temporal_detections(store, video, asked)
    classes = sorted({found["label"] for every in labels.values() for found in every})
    paths = {
        f"{v.id}.mp4": v.path if is_object(v.path) else str(Path(v.path).absolute()) for v in videos
    }
    for file, data in zip(files, ({"classes": classes, "labels": labels}, paths), strict=True):
        file.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return sum(map(len, labels.values()))


def _lines(label: str, found: Iterable[Any]) -> Iterator[tuple[str, float, float, float, Any]]:
    for line in found:
        yield label, line.start_s, line.end_s, line.score, {"text": line.text}


def _cited(
    video: StoredVideo, asked: Iterable[StoredQuery]
) -> Iterator[tuple[str, float, float, float, Any]]:
    for query in asked:
        for e in query.evidence:
            if e.video == video.id:
                words = {"text": e.text, "question": query.question, "answer": query.answer}
                yield "evidence", e.start_s, e.end_s, query.score or 0.0, words
