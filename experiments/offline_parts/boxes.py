"""Frames and what is in them -> how often boxes are right, counted right, and what they cost.

A box is right where a thing of its name lies, with an intersection over union of 0.4; each thing
counts once. Its kind is right where the thing is of the same supercategory. People and animals are
marked in every frame, other things where a variant of SSD found them: recall is told for these two
alone, and a right name of another thing that SSD missed counts as wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from experiments.command import counted
from experiments.offline_parts.clips import find_clip, frame_at, truth
from svqa.metrics.results import bootstrap_over_groups
from svqa.models import Detector, Yolov7Detector, coco_supercategories, yolov7
from svqa.models.ssd import MIN_SCORE, SsdDetector
from svqa.records import FrameBatch, Progress

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6)
MATCH_IOU = 0.4
KINDS = {**coco_supercategories(), "rabbit": "animal", "monkey": "animal"}
Box = tuple[str, float, np.ndarray]  # name, score, xyxy as shares of the frame


def measure_boxes(data: Path, *, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """-> figures by threshold, by the shape that frames are given, and milliseconds a frame."""
    detector, rows = SsdDetector.from_pretrained(), truth("objects")
    frames = [frame_at(find_clip(data, row["clip"]), row["t_s"]) for row in rows]
    found: dict[str, list[list[Box]]] = {}
    ms = {}
    for name, fit in counted(list(FITS.items()), "shapes", progress):
        begin = time.process_time()
        found[name] = [detect(detector, fit(pixels)) for pixels in frames]
        ms[name] = 1000 * (time.process_time() - begin) / len(frames)
    chosen = found["as chosen"]
    better, begin = Yolov7Detector.from_pretrained(), time.process_time()
    seen = [
        detect(better, FITS["as chosen"](pixels), least=yolov7.MIN_SCORE)
        for pixels in counted(frames, "frames", progress)
    ]
    ms["YOLOv7"] = 1000 * (time.process_time() - begin) / len(frames)
    return {
        "frames": len(rows),
        "clips": len({row["clip"] for row in rows}),
        "by_threshold": {f"{t:g}": score(rows, chosen, t, seed) for t in THRESHOLDS},
        "by_shape": {name: score(rows, boxes, MIN_SCORE, seed) for name, boxes in found.items()},
        "yolov7": score(rows, seen, yolov7.MIN_SCORE, seed),
        "ms_per_frame": {"SSD": ms["as chosen"], "YOLOv7": ms["YOLOv7"]},
        "chosen": MIN_SCORE,
    }


def squeezed(pixels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """To a square, as OpenCV does it where nothing is padded."""
    return cv2.resize(pixels, (300, 300)), 1.0, 1.0


def squared(pixels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """With grey up to a square."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    padded = np.full((side, side, 3), 127, np.uint8)
    padded[:height, :width] = pixels
    return padded, side / width, side / height


FITS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, float, float]]] = {
    "as chosen": lambda pixels: (pixels, 1.0, 1.0),
    "squeezed to a square": squeezed,
    "grey up to a square": squared,
}


def detect(
    detector: Detector, fitted: tuple[np.ndarray, float, float], least: float = 0.15
) -> list[Box]:
    """Boxes as shares of the frame before it was fitted (its width and height were stretched)."""
    pixels, across, down = fitted
    size = np.array([pixels.shape[1], pixels.shape[0]] * 2)
    boxes = detector.detect(FrameBatch(pixels[None], np.zeros(1)), min_score=least)
    scale = np.array([across, down] * 2)
    return [(b.label, b.score, np.clip(np.array(b.xyxy_px) / size * scale, 0, 1)) for b in boxes]


def score(
    rows: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Box]], threshold: float, seed: int
) -> dict[str, Any]:
    """-> right names and kinds, recall and counts of people and animals; intervals over clips."""
    named, kinds, clips, counts = [], [], [], {"person": [], "animal": []}
    recall: dict[str, list[float]] = {"person": [], "animal": []}
    groups: dict[str, list[str]] = {"person": [], "animal": []}
    counted_in: list[str] = []
    for row, boxes in zip(rows, found, strict=True):
        kept = [box for box in boxes if box[1] >= threshold]
        things = [(name, np.array(box)) for name, *box in row["objects"]]
        right = match(kept, things, lambda name: name)
        kind = match(kept, things, KINDS.__getitem__)
        named += [float(i in right) for i in range(len(kept))]
        kinds += [float(i in kind) for i in range(len(kept))]
        clips += [row["clip"]] * len(kept)
        if "crowded" in row:
            continue
        counted_in.append(row["clip"])
        for group in ("person", "animal"):
            there = [i for i, (name, _) in enumerate(things) if KINDS[name] == group]
            seen = {thing for box, thing in kind.items() if KINDS[kept[box][0]] == group}
            recall[group] += [float(i in seen) for i in there]
            groups[group] += [row["clip"]] * len(there)
            number = sum(KINDS[box[0]] == group for box in kept)
            counts[group].append(float(number == len(there)))
    figure = lambda values, of: bootstrap_over_groups(values, of, seed).to_json()  # noqa: E731
    return {
        "name_right": figure(named, clips),
        "kind_right": figure(kinds, clips),
        **{f"{g}_recall": figure(recall[g], groups[g]) for g in recall},
        **{f"{g}_count_right": figure(counts[g], counted_in) for g in counts},
    }


def match(
    boxes: Sequence[Box], things: Sequence[tuple[str, np.ndarray]], key: Callable[[str], str]
) -> dict[int, int]:
    """-> box number: thing number, best box first, each thing once."""
    pairs: dict[int, int] = {}
    for number, (name, _, box) in enumerate(boxes):
        near = [
            (iou(box, thing), i)
            for i, (other, thing) in enumerate(things)
            if key(other) == key(name) and i not in pairs.values()
        ]
        if near and max(near)[0] >= MATCH_IOU:
            pairs[number] = max(near)[1]
    return pairs


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    inside = np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])))
    return float(inside / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inside + 1e-9))
