"""Pictures and the words on them -> how many lines are read, how many invented, at what cost.

Also what is lost where a picture or two of a segment are read, as ingest does it, against reading
one every half second, and how near the seconds of its lines come. The lines of the latter that
stay for a second or more are the truth.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from experiments.command import counted
from experiments.offline_parts.clips import find_clip, frame_at, small_frames, truth
from svqa.media import Sampling, read_frames
from svqa.metrics.results import bootstrap_over_groups
from svqa.models import RapidOcrReader, TextReader
from svqa.pipeline.near_duplicates import repeated_frames, thumbnails
from svqa.pipeline.text_analysis import read_text
from svqa.records import Progress, Segment, TextBox, TextLine

FILMS = ("talk.mp4", "screen.mp4", "dashboard.mp4", "advert.mp4", "meeting.webm")
EVERY_S, LASTING_S, SEGMENT_S = 0.5, 1.0, 5.0
HEIGHTS_PX = (480, 720, 1080)


def measure_text(data: Path, *, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """-> figures of reading, seconds a picture by its height, and what the gate keeps and costs."""
    reader, rows = RapidOcrReader.from_pretrained(), truth("texts")
    right, exact, clips, invented, empty_clips = [], [], [], [], []
    for row in counted(rows, "pictures", progress):
        pixels = frame_at(find_clip(data, row["clip"]), row["t_s"], native=True)
        lines = [line.text for line in reader.read(pixels)]
        if not row["lines"]:
            invented.append(len(lines))
            empty_clips.append(row["clip"])
            continue
        left = [plain(line) for line in lines]
        for line in row["lines"]:
            found = plain(line) in left
            exact.append(float(line in lines))
            right.append(float(found))
            clips.append(row["clip"])
            if found:
                left.remove(plain(line))
    films = [as_ingested(reader, data, name) for name in counted(FILMS, "films", progress)]
    figure = lambda values, of: bootstrap_over_groups(values, of, seed).to_json()  # noqa: E731
    return {
        "lines_read": figure(right, clips),
        "lines_exact": figure(exact, clips),
        "pictures_without_text": {
            "pictures": len(invented),
            "clips": len(set(empty_clips)),
            "lines": sum(invented),
        },
        "cpu_s_by_height": costs(reader, data),
        "as_ingested": films,
        "seconds_iou": figure(*overlaps(films, "ious")),
        "segment_iou": figure(*overlaps(films, "segment_ious")),
    }


def plain(text: str) -> str:
    """Letters and digits alone, in lower case: what a search would compare."""
    return "".join(character for character in text.lower() if character.isalnum())


def costs(reader: RapidOcrReader, data: Path) -> dict[str, dict[str, float]]:
    """-> by height of a 16:9 picture: CPU seconds to read five lines, to find none."""
    full = frame_at(find_clip(data, "screen.mp4"), 10.0, native=True)
    none = frame_at(find_clip(data, "walkway.mp4"), 2.0, native=True)
    seconds = {}
    for height in HEIGHTS_PX:
        five, empty = (cv2.resize(pixels, (height * 16 // 9, height)) for pixels in (full, none))
        seconds[str(height)] = {
            "five lines": cpu_s(lambda five=five: reader.read(five)),
            "no text": cpu_s(lambda empty=empty: reader.read(empty)),
        }
    return seconds


def cpu_s(work: Any, times: int = 3) -> float:
    """CPU seconds of the quickest of some runs, after one that is not counted."""
    work()
    spent = []
    for _ in range(times):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return min(spent)


class CountedReader(TextReader):
    """The reader, counting the pictures that it is given."""

    def __init__(self, reader: RapidOcrReader):
        self._reader, self.model_id, self.pictures = reader, reader.model_id, 0

    def read(self, pixels: np.ndarray) -> list[TextLine]:
        self.pictures += 1
        return self._reader.read(pixels)


def as_ingested(reader: RapidOcrReader, data: Path, name: str) -> dict[str, Any]:
    """-> readings, lines that are kept and how near their seconds come, read as ingest does it."""
    path = find_clip(data, name)
    small = small_frames(path, EVERY_S)
    end_s = float(small.t_s[-1]) + EVERY_S
    native = read_frames(path, Sampling.at(small.t_s), size_px=None)
    every = [(t, reader.read(x)) for t, x in zip(native.t_s.tolist(), native.pixels, strict=True)]
    little = thumbnails(small.pixels)
    segments = [
        Segment(t, min(t + SEGMENT_S, end_s)) for t in np.arange(0, end_s, SEGMENT_S).tolist()
    ]
    counting = CountedReader(reader)
    kept, texts = read_text(
        str(path),
        counting,
        small.t_s,
        little,
        repeated_frames(little),
        segments,
        pixels=small.pixels,
    )
    wanted = [
        box
        for box in lasting(every, end_s, reader.model_id)
        if box.end_s - box.start_s >= LASTING_S
    ]
    found = [(box, [other for other in kept if same(box, other)]) for box in wanted]
    return {
        "clip": name,
        "pictures": len(every),
        "read": counting.pictures,
        "segments": len(segments),
        "segments_with_text": len(texts),
        "lasting_lines": len(wanted),
        "kept": sum(bool(others) for _, others in found),
        "ious": [max(iou(box, o) for o in others) for box, others in found if others],
        "segment_ious": [
            max(iou(box, in_segments(o, segments)) for o in others)
            for box, others in found
            if others
        ],
    }


def iou(one: TextBox, other: TextBox) -> float:
    """Of the seconds of two lines."""
    both = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return max(0.0, both) / (one.end_s - one.start_s + other.end_s - other.start_s - both)


def in_segments(line: TextBox, segments: Sequence[Segment]) -> TextBox:
    """The line with the seconds of all segments that it touches."""
    touched = [s for s in segments if s.start_s < line.end_s and line.start_s < s.end_s]
    return replace(line, start_s=touched[0].start_s, end_s=touched[-1].end_s)


def overlaps(films: Sequence[dict[str, Any]], key: str) -> tuple[list[float], list[str]]:
    """-> each kept line's overlap, and the film that it is from."""
    rows = [(value, film["clip"]) for film in films for value in film[key]]
    return [value for value, _ in rows], [clip for _, clip in rows]


def lasting(
    readings: Sequence[tuple[float, Sequence[TextLine]]], end_s: float, model_id: str
) -> list[TextBox]:
    """Lines by the second they were read at -> each line once, from its first reading on."""
    open_since: dict[str, tuple[float, TextLine]] = {}
    boxes = []
    for t_s, lines in [*readings, (end_s, ())]:
        now = {plain(line.text): line for line in lines}
        for words in [words for words in open_since if words not in now]:
            start_s, line = open_since.pop(words)
            boxes.append(TextBox(line.text, start_s, t_s, line.score, line.xyxy_px, model_id))
        for words, line in now.items():
            open_since.setdefault(words, (t_s, line))
    return boxes


def same(one: TextBox, other: TextBox) -> bool:
    """The same words at a common second."""
    meet = one.start_s < other.end_s and other.start_s < one.end_s
    return meet and plain(one.text) == plain(other.text)


def lines_of(films: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """-> lasting lines that are kept, and all of them."""
    return sum(film["kept"] for film in films), sum(film["lasting_lines"] for film in films)
