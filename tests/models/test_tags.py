"""Captions say what is there and no more than is known; boxes lie on the thing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from svqa.language import Finding, sentence, statements, with_article
from svqa.models import CamDetector, TagCaptioner, imagenet_labels
from svqa.models.tags import box_of, find, overlap
from svqa.records import FrameBatch, Segment
from tests.helpers.offline_models import frames_of, offline


def probabilities(**shares: float) -> np.ndarray:
    """(1000,) with the named classes set ("brown_bear=0.5") and what is left spread over all."""
    names = [label.name for label in imagenet_labels()]
    p = np.full(1000, (1 - sum(shares.values())) / 1000)
    for name, share in shares.items():
        p[names.index(name.replace("_", " "))] += share
    return p


def test_a_bear_clip_says_bear():
    frames = frames_of("bears.mp4")
    (caption,) = offline().captioner.caption(frames, [Segment(0, 5)])
    assert "brown bear" in caption.text and caption.score > 0.8
    assert (caption.start_s, caption.end_s, caption.model_id) == (0, 5, "tags-efficientnet-lite0@1")


def test_a_man_with_a_bow_tie():
    (caption,) = offline().captioner.caption(frames_of("carphone_pristine.mp4"), [Segment(0, 5)])
    assert caption.text.startswith("We see a bow tie")


def test_a_segment_without_frames_gets_no_caption():
    frames = frames_of("bears.mp4")
    captions = offline().captioner.caption(frames, [Segment(0, 1), Segment(20, 25), Segment(1, 2)])
    assert [c.start_s for c in captions] == [0, 1]
    assert (
        offline().captioner.caption(
            FrameBatch(np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0)), [Segment(0, 5)]
        )
        == []
    )


def test_a_blank_frame_is_not_described_with_confidence():
    grey = FrameBatch(np.full((2, 64, 64, 3), 127, np.uint8), np.array([0.0, 0.5]))
    (caption,) = offline().captioner.caption(grey, [Segment(0, 5)])
    assert "We see" not in caption.text and caption.score < 0.45


def test_one_caption_tells_a_change_within_its_segment():
    bears, man = frames_of("bears.mp4").pixels[:3], frames_of("carphone_pristine.mp4").pixels[:3]
    frames = FrameBatch(np.concatenate([bears, man]), np.arange(6) * 0.5)
    (caption,) = offline().captioner.caption(frames, [Segment(0, 5)])
    assert caption.text == "We see first a brown bear, then a bow tie."


def test_split_siblings_are_called_by_what_they_share():
    (first, *_) = find(probabilities(brown_bear=0.3, American_black_bear=0.25, ice_bear=0.2))
    assert first.name == "bear" and first.probability == pytest.approx(0.75, abs=0.01)


def test_a_sure_class_keeps_its_own_name():
    assert find(probabilities(brown_bear=0.6, American_black_bear=0.3))[0].name == "brown bear"


def test_unrelated_classes_stay_apart():
    names = [f.name for f in find(probabilities(bow_tie=0.5, pizza=0.3))]
    assert names[:2] == ["bow tie", "pizza"]


@pytest.mark.parametrize(
    ("findings", "text"),
    [
        ([("otter", 0.9)], "We see an otter."),
        ([("otter", 0.3)], "We probably see an otter."),
        ([("otter", 0.15), ("hay", 0.12)], "We may see an otter or hay."),
        ([("cab", 0.6), ("patio", 0.3)], "We see a taxi, perhaps on a patio."),
        ([("seashore", 0.6)], "We are at the seashore."),
        ([("seashore", 0.6), ("jean", 0.11)], "We may see jeans, at the seashore."),
        (
            [("otter", 0.05), ("wok", 0.04)],
            "Nothing recognised with confidence; closest: an otter or a wok.",
        ),
    ],
)
def test_wording_follows_the_numbers(findings, text):
    assert sentence([Finding(name, name, p) for name, p in findings]) == text


def test_each_statement_has_its_number():
    findings = [("cab", 0.6), ("bow tie", 0.5), ("otter", 0.3), ("hay", 0.12), ("patio", 0.25)]
    told = statements([Finding(name, name, p) for name, p in findings])
    assert told == [
        ("We see a taxi and a bow tie.", 0.6),
        ("We probably see an otter.", 0.3),
        ("We may see hay.", 0.12),
        ("We are probably on a patio.", 0.25),
    ]
    assert statements([Finding("otter", "otter", 0.05)]) == []
    halves = [Finding("otter", "otter", 0.8), Finding("wok", "wok", 0.6)]
    assert statements(halves, halves) == [("We see first an otter, then a wok.", 0.6)]


def test_every_label_has_an_article_or_needs_none():
    said = [with_article(label.name) for label in imagenet_labels()]
    assert (
        "an hourglass" in said
        and "a unicycle" in said
        and "a European gallinule" in said
        and "guacamole" in said
    )
    assert not any(text.startswith(("a jeans", "a sunglasses", "an uni")) for text in said)


@pytest.fixture(scope="module")
def by_maps() -> CamDetector:
    return CamDetector.from_pretrained()


def test_a_box_lies_on_the_bears(by_maps):
    frames = frames_of("bears.mp4")
    boxes = by_maps.detect(frames)
    assert {box.label for box in boxes} == {"brown bear"} and len(boxes) == len(frames)
    # the three bears in the first frame, in pixels of 224 x 224
    by_hand = (
        0.0,
        15.0,
        175.0,
        224.0,
    )
    assert overlap(boxes[0].xyxy_px, by_hand) > 0.6


def test_a_box_follows_its_subject_when_the_frame_is_mirrored(by_maps):
    frames = frames_of("bears.mp4")[:1]
    (box,) = by_maps.detect(frames)
    (mirrored,) = by_maps.detect(
        FrameBatch(np.ascontiguousarray(frames.pixels[:, :, ::-1]), frames.t_s)
    )
    left, top, right, bottom = mirrored.xyxy_px
    assert overlap(box.xyxy_px, (224 - right, top, 224 - left, bottom)) > 0.6


def test_boxes_are_inside_the_frame_best_first_and_obey_min_score(by_maps):
    frames = frames_of("bikes.mp4")
    boxes = by_maps.detect(frames, min_score=0.1)
    assert all(
        0 <= b.xyxy_px[0] < b.xyxy_px[2] <= 224 and 0 <= b.xyxy_px[1] < b.xyxy_px[3] <= 224
        for b in boxes
    )
    assert all(a.t_s < b.t_s or a.score >= b.score for a, b in pairwise(boxes))
    assert min(b.score for b in boxes) >= 0.1
    assert by_maps.detect(frames, min_score=1.0) == []


def test_the_box_is_the_largest_region_of_a_map():
    activation = np.zeros((8, 8), np.float32)
    activation[1:4, 2:6] = 1
    activation[7, 7] = 1
    left, top, right, bottom = box_of(activation, 80, 80)
    assert (
        abs(left - 20) <= 6
        and abs(top - 10) <= 6
        and abs(right - 60) <= 6
        and abs(bottom - 40) <= 6
    )


@pytest.mark.parametrize("kind", [TagCaptioner, CamDetector])
def test_each_can_be_loaded_alone(kind):
    assert kind.from_pretrained().model_id.endswith("efficientnet-lite0@1")
