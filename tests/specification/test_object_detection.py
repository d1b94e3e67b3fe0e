from __future__ import annotations

import numpy as np
import pytest

from experiments.tiny_models.train_yolo import mean_average_precision
from svqa.models import SHIPPED, YoloDetector
from svqa.records import Detection
from svqa.shapes import LABELS, boxes, render, scene_of

SEED = 515_151
TIMES_S = [0.7, 3.2, 5.7]


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector.from_pretrained(SHIPPED / "yolo")


@pytest.fixture(scope="module")
def videos() -> list:
    return [
        (scene_of(SEED, i), render(scene_of(SEED, i), TIMES_S, width_px=128)) for i in range(12)
    ]


def of_frame(found: list[Detection], t_s: float) -> list[Detection]:
    return [d for d in found if d.t_s == t_s]


class TestObjectDetection:
    """On the shipped checkpoint and videos that no training has seen."""

    def test_basic_detection(self, detector, videos):
        """Shapes are found where they are, under their names: mAP50 at least 0.95 on 36 frames."""
        found = [
            [of_frame(detector.detect(frames, min_score=0.01), t) for t in TIMES_S]
            for _, frames in videos
        ]
        true = [[boxes(scene, t, width_px=128) for t in TIMES_S] for scene, _ in videos]
        assert mean_average_precision(found, true, resamples=20).value >= 0.95

    def test_an_empty_picture_holds_nothing(self, detector, videos):
        plain = np.full_like(videos[0][1].pixels, 100)
        assert detector.detect(type(videos[0][1])(plain, TIMES_S), min_score=0.5) == []

    def test_confidence_threshold(self, detector, videos):
        """A higher threshold only takes away, and all that is left is above it."""
        frames = videos[0][1]
        before = None
        for min_score in (0.05, 0.25, 0.5, 0.8, 0.999):
            found = detector.detect(frames, min_score=min_score)
            assert all(d.score >= min_score for d in found)
            kept = {(d.t_s, d.label, d.xyxy_px) for d in found}
            assert before is None or kept <= before
            before = kept
        assert len(detector.detect(frames, min_score=0.05)) > len(
            detector.detect(frames, min_score=0.999)
        )

    def test_detection_format(self, detector, videos):
        """Records with a known label, a score, a box, a second and the model's name.

        Boxes are in pixels of the frame, seconds are the frame's.
        """
        frames = videos[0][1]
        found = detector.detect(frames)
        assert found
        for d in found:
            assert isinstance(d, Detection) and d.label in LABELS and 0.25 <= d.score <= 1
            x0, y0, x1, y1 = d.xyxy_px
            assert 0 <= x0 < x1 <= 128 and 0 <= y0 < y1 <= 128
            assert d.t_s in TIMES_S and d.model_id == "shapes/yolo" and d.track_id is None
        assert [d.t_s for d in found] == sorted(d.t_s for d in found)
        for t_s in TIMES_S:
            scores = [d.score for d in of_frame(found, t_s)]
            assert scores == sorted(scores, reverse=True)
