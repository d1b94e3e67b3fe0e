"""Frames -> boxes, by a detector of transformers that proposes each thing once.

D-FINE (Peng et al. 2024, arXiv:2410.13842), RT-DETR (Zhao et al. 2023, arXiv:2304.08069).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoImageProcessor, AutoModelForObjectDetection

from svqa.models.base import Detector
from svqa.models.labels import coco_categories
from svqa.models.pretrained import load_pretrained
from svqa.records import Detection, FrameBatch

BATCH = 8


class DetrDetector(Detector):
    """Boxes in pixels of the given frames; a batch never changes a frame's boxes."""

    def __init__(self, model: Any, processor: Any, *, model_id: str):
        self.model, self.processor, self.model_id = model.eval(), processor, model_id
        names = [str(model.config.id2label[i]) for i in range(len(model.config.id2label))]
        self.labels = tuple(coco_names(names))

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: Any = None,
    ) -> DetrDetector:
        """A folder or a pulled hub name -> the detector; nothing is downloaded.

        Raises WeightsMissing, WeightsCorrupt, UsageError.
        """
        found = load_pretrained(
            AutoModelForObjectDetection,
            AutoImageProcessor,
            path_or_id,
            revision=revision,
            device=device,
            dtype=dtype,
        )
        return cls(found.model, found.processor, model_id=found.model_id)

    @torch.inference_mode()
    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Best first within a frame, frames in time order."""
        found: list[Detection] = []
        height, width = frames.pixels.shape[1:3]
        for first in range(0, len(frames), BATCH):
            part = frames.pixels[first : first + BATCH]
            inputs = self.processor(images=list(part), return_tensors="pt")
            inputs = inputs.to(self.model.device, self.model.dtype)
            told = self.processor.post_process_object_detection(
                self.model(**inputs), min_score, target_sizes=[(height, width)] * len(part)
            )
            for t_s, boxes in zip(frames.t_s[first : first + BATCH].tolist(), told, strict=True):
                found += self._detections(boxes, t_s, width, height)
        return found

    def _detections(
        self, boxes: dict[str, torch.Tensor], t_s: float, width: int, height: int
    ) -> list[Detection]:
        scores, labels, corners = (boxes[n].float().cpu() for n in ("scores", "labels", "boxes"))
        corners[:, 0::2].clamp_(0, width)
        corners[:, 1::2].clamp_(0, height)
        rows = []
        for i in scores.argsort(descending=True).tolist():
            left, top, right, bottom = corners[i].tolist()
            if right > left and bottom > top:
                name, score = self.labels[int(labels[i])], min(float(scores[i]), 1.0)
                box = (left, top, right, bottom)
                rows.append(Detection(name, score, box, t_s, self.model_id))
        return rows


def coco_names(names: list[str]) -> list[str]:
    """-> the names as COCO writes them, where these are its eighty in its order.

    Some checkpoints call them as another benchmark does: "sofa" for "couch".

    >>> coco_names(["cat", "dog"])
    ['cat', 'dog']
    """
    of_coco = [category.name for category in coco_categories()]
    same = sum(a == b for a, b in zip(names, of_coco, strict=False))
    return of_coco if len(names) == len(of_coco) and same > len(of_coco) // 2 else names
