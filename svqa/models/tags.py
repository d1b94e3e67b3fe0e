"""FrameBatch -> captions and boxes, from the labels of an ImageNet classifier.

And from where in the frame they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from svqa.language.caption_templates import SURE, Finding, sentence, statements
from svqa.models.base import Captioner, Detector
from svqa.models.imagenet import ImageNetTagger
from svqa.models.labels import imagenet_labels
from svqa.records import Caption, Detection, FrameBatch, Segment

if TYPE_CHECKING:
    import torch

CAPTION_RECIPE = 1
BOX_RECIPE = 1
FINDINGS = 3
MIN_SHARE = 0.04  # of the probability, for a finding to be worth a word
GAIN, VAGUE_GAIN = 1.4, 2.5  # how much more probability a wider word has to bring, a vague one more
VAGUE = frozenset(
    "animal|appliance|building|clothing|container|food|furniture|machine|plant|tool|vehicle".split(
        "|"
    )
)
MAP_THRESHOLD = 0.4  # of a map's maximum; Zhou et al. use 0.2, which gives looser boxes
MAP_PX = 224  # what is enlarged from 7 needs no more
OVERLAP = 0.6


class TagCaptioner(Captioner):
    """What a classifier sees in a segment, said as carefully as it is sure.

    A caption's score is the probability of the first thing it names. A class that is split among
    its siblings is called by what they have in common ("a bear"), as in Deng et al. 2012, "Hedging
    your bets".
    """

    def __init__(self, tagger: ImageNetTagger):
        self._tagger = tagger
        self.model_id = f"tags-{tagger.model_id.split('@')[0]}@{CAPTION_RECIPE}"

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> TagCaptioner:
        """`path_or_id` names the classifier.

        `efficientnet-lite0` (default), `-lite1`, `-lite2`, or a folder.
        """
        return cls(ImageNetTagger.from_pretrained(path_or_id, device=device, dtype=dtype))

    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """One caption a segment that has frames, in the order of `segments`."""
        probabilities = self._tagger.tag(frames.pixels).probabilities
        captions = []
        for segment in segments:
            inside = (frames.t_s >= segment.start_s) & (frames.t_s < segment.end_s)
            if inside.any():
                captions.append(self._describe(probabilities[inside], segment))
        return captions

    def _describe(self, probabilities: np.ndarray, segment: Segment) -> Caption:
        """(T, 1000) -> the sentence, with the probability of the first thing that was found."""
        found = find(probabilities.mean(0))
        middle = len(probabilities) // 2
        parts = (probabilities[:middle], probabilities[middle:]) if middle else ()
        halves = [find(half.mean(0))[0] for half in parts]
        return Caption(
            sentence(found, halves),
            segment.start_s,
            segment.end_s,
            found[0].probability,
            self.model_id,
            tuple(statements(found, halves)),
        )


def find(probabilities: np.ndarray) -> list[Finding]:
    """(1000,) -> the few things that hold most of the probability, best first.

    Each is named as closely as is safe.
    """
    left = probabilities.astype(np.float64)
    findings: list[Finding] = []
    while len(findings) < FINDINGS and (not findings or left.max() >= MIN_SHARE):
        best = int(left.argmax())
        name, members = _name_safely(left, best)
        total = float(left[members].sum())
        findings.append(
            Finding(name, imagenet_labels()[best].name, total, float(left[best]) / total)
        )
        left[members] = 0
    return sorted(findings, key=lambda finding: -finding.probability)


def _name_safely(probabilities: np.ndarray, best: int) -> tuple[str, list[int]]:
    """The best class, or a wider word while it is unsure -> (name, its classes).

    The wider word has to bring enough.
    """
    label = imagenet_labels()[best]
    name, members, total = label.name, [best], probabilities[best]
    for kind in label.kinds:
        if total >= SURE:
            break
        wider = _classes_of_kind()[kind]
        gained = probabilities[wider].sum()
        if gained >= (VAGUE_GAIN if kind in VAGUE else GAIN) * total:
            name, members, total = kind, wider, gained
    return name, members


@lru_cache(maxsize=1)
def _classes_of_kind() -> dict[str, list[int]]:
    """{an everyday word: the numbers of the classes that are one of it}."""
    classes: dict[str, list[int]] = {}
    for number, label in enumerate(imagenet_labels()):
        for kind in label.kinds:
            classes.setdefault(kind, []).append(number)
    return classes


class CamDetector(Detector):
    """Boxes around what made the classifier think of a class.

    From its activation maps (arXiv:1512.04150).

    A box says where the evidence for a label lies, which is not always all of the object; `score`
    is its probability.
    """

    def __init__(self, tagger: ImageNetTagger):
        self._tagger = tagger
        self.model_id = f"cam-{tagger.model_id.split('@')[0]}@{BOX_RECIPE}"
        self.labels = tuple(label.name for label in imagenet_labels())

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> CamDetector:
        """`path_or_id` names the classifier, as for TagCaptioner."""
        return cls(ImageNetTagger.from_pretrained(path_or_id, device=device, dtype=dtype))

    def probabilities(self, frames: FrameBatch) -> np.ndarray:
        """-> (T, 1000) of each whole frame."""
        return self._tagger.tag(frames.pixels).probabilities

    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Boxes in pixels of the given frames, frame by frame, best first within a frame."""
        tags = self._tagger.tag(frames.pixels)
        height, width = frames.pixels.shape[1:3]
        detections = []
        for t_s, p, top, maps in zip(
            frames.t_s.tolist(), tags.probabilities, tags.top, tags.maps, strict=True
        ):
            kept: list[Detection] = []
            for label, activation in zip(top, maps, strict=True):
                if p[label] < min_score:
                    break
                box = box_of(activation, width, height)
                if all(overlap(box, other.xyxy_px) < OVERLAP for other in kept):
                    name = imagenet_labels()[label].name
                    kept.append(Detection(name, float(p[label]), box, t_s, self.model_id))
            detections += kept
        return detections


def box_of(
    activation: np.ndarray, width_px: int, height_px: int
) -> tuple[float, float, float, float]:
    """(h, w) -> left, top, right, bottom of the largest region above a share of the maximum.

    In frame pixels.
    """
    activation = cv2.resize(activation, (MAP_PX, MAP_PX), interpolation=cv2.INTER_CUBIC)
    strong = (activation >= MAP_THRESHOLD * activation.max()).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(strong)
    left, top, width, height, _ = stats[1:][stats[1:, cv2.CC_STAT_AREA].argmax()].tolist()
    x, y = width_px / MAP_PX, height_px / MAP_PX
    return left * x, top * y, (left + width) * x, (top + height) * y


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes `xyxy_px`."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union
