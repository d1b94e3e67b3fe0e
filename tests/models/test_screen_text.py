"""Text is read where it changes, and each line gets the seconds in which it is seen."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.models import RapidOcrReader, TextChange, TextGate, text_boxes
from svqa.records import FrameBatch, TextBox, TextLine
from tests.helpers.real_frames import frames_at
from tests.helpers.slides import slide

BLANK = np.full((360, 640, 3), 244, np.uint8)


class CountingFinder:
    """Finds by a real reader, and counts how often it was asked."""

    def __init__(self):
        self.reader, self.asked = RapidOcrReader.from_pretrained(), 0

    def find(self, pixels):
        self.asked += 1
        return self.reader.find(pixels)


@pytest.fixture
def finder() -> CountingFinder:
    return CountingFinder()


def film(*pictures: np.ndarray) -> FrameBatch:
    return FrameBatch(np.stack(pictures), np.arange(len(pictures), dtype=float))


def line(text: str, top: float = 0.0, score: float = 0.9) -> TextLine:
    return TextLine(text, score, (0.0, top, 100.0, top + 10.0))


def test_text_that_comes_changes_and_goes_is_noticed_once(finder):
    one, two = slide(["How to begin a speech"]), slide(["Let us avoid all that"])
    frames = film(BLANK, one, one, one, two, two, BLANK, BLANK)
    assert TextGate(finder).changes(frames) == [
        TextChange(1.0, True),
        TextChange(4.0, True),
        TextChange(6.0, False),
    ]
    assert finder.asked == 4, "pictures like the one before are not looked at"


def test_batches_are_one_film(finder):
    one, two = slide(["How to begin a speech"]), slide(["Let us avoid all that"])
    frames, gate = film(BLANK, one, one, two), TextGate(finder)
    apart = gate.changes(frames[:2]) + gate.changes(frames[2:])
    assert apart == TextGate(finder).changes(frames)


def test_what_moves_behind_a_caption_is_no_change(finder, real_clips):
    frames = frames_at(real_clips["bigbuckbunny"], (0.5, 1.5, 2.5, 3.5))
    pixels, words = frames.pixels.copy(), slide(["How to begin a speech"], left_top_px=(180, 320))
    letters = words.min(axis=2) < 140
    pixels[:, letters] = (255, 250, 240)
    assert TextGate(finder).changes(FrameBatch(pixels, frames.t_s)) == [TextChange(0.48, True)]
    assert finder.asked == 4


def test_a_line_more_or_less_is_a_change(finder):
    one, both = slide(["First the milk"]), slide(["First the milk", "Then the cocoa"])
    changes = TextGate(finder).changes(film(one, both, one))
    assert changes == [TextChange(0.0, True), TextChange(1.0, True), TextChange(2.0, True)]


def test_a_slow_fade_adds_up_to_a_change(finder):
    shown = slide(["How to begin a speech"]).astype(float)
    steps = [np.uint8(BLANK + (shown - BLANK) * share) for share in np.linspace(0, 1, 12)]
    assert TextGate(finder).changes(film(*steps))[0].shown


def test_a_film_without_words_is_never_read(finder, real_clips):
    rabbit = frames_at(real_clips["bigbuckbunny"], tuple(np.arange(0, 5, 1.0)))
    assert TextGate(finder).changes(rabbit) == []


@pytest.mark.slow
def test_reading_where_text_changed_finds_the_lines_of_a_talk(finder, shared_data):
    clip = shared_data / "real_qa" / "clips" / "talk.mp4"
    changes = TextGate(finder).changes(frames_at(clip, tuple(np.arange(18.0, 32.0, 0.5))))
    assert len(changes) < 20
    times = tuple(change.t_s for change in changes if change.shown)
    native = frames_at(clip, times, None)
    readings = [(t_s, finder.reader.read(x)) for t_s, x in zip(times, native.pixels, strict=True)]
    boxes = text_boxes(readings, end_s=32.0, model_id=finder.reader.model_id)
    (step,) = [box for box in boxes if box.text == "2. Introduce your topic" and box.start_s < 25]
    assert step.start_s == pytest.approx(20.8, abs=0.5)
    assert step.end_s == pytest.approx(23.5, abs=0.6)
    (title,) = [box for box in boxes if box.text == "1. Greet your audience" and box.start_s > 22]
    assert title.end_s - title.start_s > 6, "it stays while the words below it change"


def test_a_line_lasts_from_its_first_reading_to_the_first_without_it():
    readings = [
        (0.0, [line("Step one", 0)]),
        (2.0, [line("Step one", 0), line("Step two", 20)]),
        (4.0, [line("Step two", 20)]),
        (5.0, []),
        (7.0, [line("Step one", 0)]),
    ]
    boxes = text_boxes(readings, end_s=9.0, model_id="m")
    assert [(box.text, box.start_s, box.end_s) for box in boxes] == [
        ("Step one", 0.0, 4.0),
        ("Step two", 2.0, 5.0),
        ("Step one", 7.0, 9.0),
    ]


def test_the_surest_reading_gives_the_words():
    readings = [
        (0.0, [line("Chrome Meda", score=0.86)]),
        (1.0, [line("Chrome Media", score=0.99)]),
        (2.0, [line("Chrome Mcdia", score=0.9)]),
    ]
    (box,) = text_boxes(readings, end_s=3.0, model_id="m")
    assert (box.text, box.score) == ("Chrome Media", 0.99)


def test_the_same_words_elsewhere_and_other_words_here_are_other_lines():
    moved = text_boxes([(0.0, [line("Exit", 0)]), (1.0, [line("Exit", 50)])], end_s=2, model_id="m")
    other = text_boxes([(0.0, [line("Exit", 0)]), (1.0, [line("Taxi", 0)])], end_s=2, model_id="m")
    assert len(moved) == len(other) == 2


def test_two_equal_lines_in_one_place_stay_two():
    readings = [(0.0, [line("ha ha"), line("ha ha")]), (1.0, [line("ha ha"), line("ha ha")])]
    assert len(text_boxes(readings, end_s=2.0, model_id="m")) == 2


def test_nothing_read_gives_nothing():
    assert text_boxes([], end_s=3.0, model_id="m") == []
    assert text_boxes([(0.0, []), (1.0, [])], end_s=3.0, model_id="m") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"score": 1.2},
        {"xyxy_px": (5.0, 0.0, 5.0, 10.0)},
        {"start_s": 3.0},
    ],
)
def test_a_record_of_text_is_checked_at_birth(wrong):
    right = {
        "text": "Exit",
        "start_s": 1.0,
        "end_s": 2.0,
        "score": 0.9,
        "xyxy_px": (0.0, 0.0, 9.0, 9.0),
        "model_id": "m",
    }
    assert TextBox(**right).text == "Exit"
    with pytest.raises(ValueError):
        TextBox(**right | wrong)
