"""What boxes tell is said in words, or by one of the options.

What they do not tell is left to those who look.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from svqa.answering import EventGrounder, answer_from_events
from svqa.answering.event_answers import chosen
from svqa.shapes import Balance, boxes, frame_times, questions, scene_of
from svqa.shapes.truth import event_name
from tests.helpers.street import VERBS, a_street


@pytest.fixture
def street() -> EventGrounder:
    return a_street()


@pytest.mark.parametrize(
    "question, answer",
    [
        ("which happens last: the red car stops or the blue bus appears?", "the red car stops"),
        ("which way does the red car move?", "right"),
        ("in which direction does the dog run?", "right"),
        ("how many things turn during the video?", "1"),
        ("how many things change colour during the video?", "1"),
        ("how many cars appear in the whole video?", "0"),
        ("how many dogs appear in the video?", "0"),
        ("how many objects are seen in the whole video?", "4"),
        ("how many cars are there in the video?", "1"),
        ("which happens first: the red car stops or the blue bus appears?", "the blue bus appears"),
        ("does the green light change colour?", "yes"),
        ("does the blue bus change colour?", "no"),
        ("what colour does the green light become?", "red"),
        ("which way does the dog turn?", "left"),
        ("when does the red car stop?", "at 4.0 s"),
    ],
)
def test_what_boxes_tell_is_said_in_words(street, question, answer):
    told = answer_from_events(street, question)
    assert told.text == answer or abs(float(told.text.split()[1]) - 4.0) <= 0.1
    starts_s = [h.start_s for h in told.events]
    assert told.option is None and starts_s and starts_s == sorted(starts_s)


@pytest.mark.parametrize(
    "question, options, right",
    [
        ("when does the red car stop?", ("1 s", "4 s", "7 s"), 1),
        ("when does the red car stop?", ("0:07", "0:04"), 1),
        ("which happens first?", ("the red car stops", "the blue bus appears"), 1),
        (
            "which happens first: the red car stops or the blue bus appears?",
            ("The red car stops.", "The blue bus appears."),
            1,
        ),
        ("which way does the dog turn?", ("left", "right", "up", "down"), 0),
        ("what colour does the green light become?", ("blue", "red"), 1),
        ("does the blue bus change colour?", ("yes", "no"), 1),
        ("how many things turn during the video?", ("0", "1", "2"), 1),
    ],
)
def test_options_are_chosen_by_what_is_told(street, question, options, right):
    told = answer_from_events(street, question, options)
    assert (told.option, told.text) == (right, options[right])


def test_what_is_told_must_be_one_of_the_options(street):
    assert (
        answer_from_events(street, "what colour does the green light become?", ("blue", "pink"))
        is None
    )
    happened = ("the red car stops", "the blue bus appears")
    # the boxes do not hear
    assert answer_from_events(street, "what happens when the bell first rings?", happened) is None
    assert chosen("2", ["12", "two"]) is None and chosen("at 3 s", ["3", "4"]) is None


@pytest.mark.parametrize(
    "question",
    [
        "where is the red car?",
        "which way does the red car turn?",
        "which way does the blue bus move?",
        "how many cars are there?",
        "which way is the station?",
        "how many people smile during the video?",
        "how many cats appear in the video?",
        "how many surgeons are seen in the whole video?",
        "what colour is the red car?",
        "when does the violin appear?",
        "which happens first: the red car stops or the violin appears?",
        "which is heavier: the red car stops or the blue bus appears?",
    ],
)
def test_what_boxes_do_not_tell_is_left_to_others(street, question):
    assert answer_from_events(street, question) is None


@pytest.mark.parametrize(
    "rate_hz, share", [pytest.param(10, 0.95, marks=pytest.mark.slow), (2, 0.85)]
)
def test_most_seconds_are_told_also_from_two_looks_a_second(rate_hz, share):
    """Exact boxes; within half a second. Shuffled in time, the same boxes tell next to nothing."""
    times, rng, right, baseline = frame_times(rate_hz), np.random.default_rng(0), [], []
    for index in range(30):
        scene = scene_of(11, index)
        there = [box for t_s in times for box in boxes(scene, float(t_s), width_px=128)]
        other = dict(zip(times.tolist(), rng.permutation(times).tolist(), strict=True))
        mixed = [replace(box, t_s=other[box.t_s]) for box in there]
        for event in (e for e in scene.events if e.kind in VERBS):
            question = f"when does the {event_name(scene, event)} {VERBS[event.kind]}?"
            for found, seen_boxes in ((right, there), (baseline, mixed)):
                told = answer_from_events(EventGrounder(seen_boxes, times), question)
                found.append(
                    told is not None and abs(float(told.text.split()[1]) - event.t_s) <= 0.5
                )
    assert np.mean(right) >= share and np.mean(baseline) <= 0.5, (np.mean(right), np.mean(baseline))


def test_exact_boxes_answer_what_no_frame_can():
    """Every kind of question about time that needs no ear, with its options.

    On another video's boxes they are at chance.
    """
    times, rng, balance = frame_times(5), np.random.default_rng(1), Balance()
    worlds = [scene_of(23, index) for index in range(24)]
    seen = [
        EventGrounder([b for t in times for b in boxes(w, float(t), width_px=128)], times)
        for w in worlds
    ]
    right, baseline = {}, []
    for i, world in enumerate(worlds):
        for q in questions(world, rng, balance):
            if q.type in ("direction", "order", "when", "changes", "count_video"):
                said = [
                    answer_from_events(seen[j], q.text, q.options)
                    for j in (i, (i + 1) % len(worlds))
                ]
                own, other = (told is not None and told.text == q.answer for told in said)
                right.setdefault(q.type, []).append(own)
                baseline.append(other)
    shares = {kind: np.mean(values) for kind, values in right.items()}
    assert len(shares) == 5 and min(shares.values()) >= 0.8 and np.mean(baseline) <= 0.4, (
        shares,
        np.mean(baseline),
    )
