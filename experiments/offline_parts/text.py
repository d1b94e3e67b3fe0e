"""Pictures and the words on them -> how many lines are read, how many invented, at what cost.

Also what the gate is worth: reading only where it says that text changed, against reading a picture
every half second. The lines of the latter that stay for a second or more are its truth.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from experiments.command import counted
from experiments.offline_parts.clips import find_clip, frame_at, small_frames, truth
from svqa.media import Sampling, read_frames
from svqa.metrics.results import bootstrap_over_groups
from svqa.models.ocr import RapidOcrReader
from svqa.models.screen_text import TextGate, text_boxes
from svqa.records import Progress, TextBox

GATED = ("talk.mp4", "screen.mp4", "dashboard.mp4", "advert.mp4", "meeting.webm")
EVERY_S, LASTING_S = 0.5, 1.0
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
        "gate": [gate(reader, data, name) for name in counted(GATED, "gated clips", progress)],
    }


def plain(text: str) -> str:
    """Letters and digits alone, in lower case: what a search would compare."""
    return "".join(character for character in text.lower() if character.isalnum())


def costs(reader: RapidOcrReader, data: Path) -> dict[str, dict[str, float]]:
    """-> by height of a 16:9 picture: CPU seconds to read five lines, to find none, to look."""
    full = frame_at(find_clip(data, "screen.mp4"), 10.0, native=True)
    none = frame_at(find_clip(data, "walkway.mp4"), 2.0, native=True)
    seconds = {}
    for height in HEIGHTS_PX:
        five, empty = (cv2.resize(pixels, (height * 16 // 9, height)) for pixels in (full, none))
        seconds[str(height)] = {
            "five lines": cpu_s(lambda five=five: reader.read(five)),
            "no text": cpu_s(lambda empty=empty: reader.read(empty)),
            "only finding": cpu_s(lambda five=five: reader.find(five)),
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


def gate(reader: RapidOcrReader, data: Path, name: str) -> dict[str, Any]:
    """-> readings with and without the gate, the lasting lines that both find, and its cost."""
    path = find_clip(data, name)
    small = small_frames(path, EVERY_S)
    end_s = float(small.t_s[-1]) + EVERY_S
    native = read_frames(path, Sampling.at(small.t_s), size_px=None)
    every = [(t, reader.read(x)) for t, x in zip(native.t_s.tolist(), native.pixels, strict=True)]
    begin = time.process_time()
    changes = TextGate(reader).changes(small)
    spent = time.process_time() - begin
    lines_at = dict(every)
    times = np.array(list(lines_at))
    at = lambda t_s: lines_at[float(times[np.abs(times - t_s).argmin()])]  # noqa: E731
    gated = [(change.t_s, at(change.t_s) if change.shown else []) for change in changes]
    model = reader.model_id
    wanted = [
        box
        for box in text_boxes(every, end_s=end_s, model_id=model)
        if box.end_s - box.start_s >= LASTING_S
    ]
    kept = text_boxes(gated, end_s=end_s, model_id=model)
    return {
        "clip": name,
        "pictures": len(every),
        "readings": sum(change.shown for change in changes),
        "lasting_lines": len(wanted),
        "kept": sum(any(same(box, other) for other in kept) for box in wanted),
        "gate_cpu_s_per_picture": spent / len(small),
    }


def same(one: TextBox, other: TextBox) -> bool:
    """The same words at a common second."""
    meet = one.start_s < other.end_s and other.start_s < one.end_s
    return meet and plain(one.text) == plain(other.text)


def lines_of(gates: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """-> lasting lines that the gate keeps, and all of them."""
    return sum(g["kept"] for g in gates), sum(g["lasting_lines"] for g in gates)
