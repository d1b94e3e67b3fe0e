"""Boxes -> what was seen, how surely, how many; and answers that rest on them or refuse."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.answering import Sightings, answer_from_sightings, is_called, is_person_word
from svqa.models import imagenet_labels
from svqa.models.labels import coco_categories
from svqa.records import Detection

LABELS = [c.name for c in coco_categories()] + [label.name for label in imagenet_labels()]
T_S = np.arange(0, 10, 0.5)


def box(label: str, t_s: float, x: float = 0.0, score: float = 0.9, y: float = 0.0) -> Detection:
    return Detection(label, score, (x, y, x + 40, y + 40), float(t_s), "m")


def during(label: str, start_s: float, end_s: float, **where) -> list[Detection]:
    return [box(label, t, **where) for t in T_S if start_s <= t < end_s]


ROOM = Sightings(
    [
        *during("person", 0, 10, x=100),
        *during("person", 2, 10, x=200),
        *during("cup", 0, 10, x=300),
        *during("dog", 3, 5, x=400),
        *during("cat", 6, 9, x=500),
    ],
    T_S,
)


@pytest.mark.parametrize(
    "question, expected",
    [
        ("How many people are there?", "2"),
        ("how many mugs are standing on the board", "1"),
        ("Is there a dog?", "yes"),
        ("Are there any sheep in the video?", "no"),
        ("What animal is in the video?", "A dog"),
        ("Which two animals are in the video?", "A cat and a dog"),
        ("When does the cat appear?", "At 0:06-0:09"),
    ],
)
def test_boxes_answer(question, expected):
    said = answer_from_sightings(question, ROOM, LABELS)
    if expected.startswith("A dog"):
        assert said.text in ("A dog", "A cat"), "one of the two that were seen"
    else:
        assert said.text == expected
    assert said.stretches or expected == "no"


@pytest.mark.parametrize(
    "question, reason",
    [
        ("How many children are sitting in the back?", "not who is a"),
        ("What number is on the train?", "No train was seen"),
        ("What colour is the horse?", "No horse was seen"),
    ],
)
def test_boxes_refuse_with_their_reason(question, reason):
    said = answer_from_sightings(question, ROOM, LABELS)
    assert said.abstained and reason in said.reason


@pytest.mark.parametrize(
    "question",
    ["Is there a spoon?", "Is a woman driving?", "What is she doing?", "Is it night?", "Is it on?"],
)
def test_boxes_have_no_say_where_they_could_not_have_seen_it(question):
    assert answer_from_sightings(question, ROOM, LABELS) is None


def test_one_odd_box_is_not_a_sighting():
    seen = Sightings([box("dog", 4.0)], T_S)
    assert seen.find("dog").sureness == pytest.approx(0.3)
    assert answer_from_sightings("Is there a dog?", seen, LABELS).abstained


def test_names_that_contradict_each_other_lower_both():
    names = ["dog", "cow", "bear", "dog", "horse", "bird"]
    mixed = Sightings([box(name, t) for name, t in zip(names, T_S, strict=False)], T_S)
    agreed = Sightings([box("dog", t) for t in T_S[:6]], T_S)
    assert mixed.find("dog").sureness < 0.5 < agreed.find("dog").sureness
    finer = [box("bear", t) for t in T_S[:6]] + [box("brown bear", t) for t in T_S[:6]]
    assert Sightings(finer, T_S).find("bear").sureness == pytest.approx(0.9)


def test_before_and_after_follow_the_first_seconds():
    said = answer_from_sightings("Is the dog shown before or after the cat?", ROOM, LABELS)
    assert said.text.startswith("Before")
    turned = answer_from_sightings("Is the cat shown before or after the dog?", ROOM, LABELS)
    assert turned.text.startswith("After")


def test_what_a_label_may_be_called():
    assert (
        is_called("cup", "mugs") and is_called("airliner", "plane") and is_called("dog", "animal")
    )
    assert not is_called("dog", "cat") and not is_called("person", "woman")
    assert is_person_word("young woman") and not is_person_word("people")
