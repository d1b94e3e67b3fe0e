"""Colours get the names people give them, in three lights; a mixture gets none."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.language.colours import BASIC_COLOURS
from svqa.models import COLOUR_TERMS, clear_colours, colour_shares, name_colours
from tests.helpers.real_frames import frames_at

PAINTS = {
    "red": (190, 40, 45),
    "orange": (235, 130, 40),
    "yellow": (235, 200, 50),
    "green": (40, 130, 60),
    "blue": (30, 80, 190),
    "purple": (110, 50, 140),
    "pink": (240, 150, 180),
    "brown": (110, 70, 40),
    "black": (18, 18, 20),
    "grey": (128, 128, 128),
    "white": (232, 232, 230),
}
LIGHTS = {
    "day": (1, 1, 1),
    "lamp": (1.08, 1.0, 0.82),
    "shade": (0.88, 1.0, 1.12),
    "dusk": (0.45,) * 3,
}


def lit(rgb, light) -> np.ndarray:
    """A colour in a light, as a camera stores it: gains act on linear light."""
    linear = (np.asarray(rgb) / 255) ** 2.2 * np.asarray(light)
    return np.uint8(np.clip(linear, 0, 1) ** (1 / 2.2) * 255)


def scene(rgb, light=(1, 1, 1)) -> np.ndarray:
    """A patch before a dark wall under a white ceiling."""
    frame = np.empty((120, 160, 3), np.uint8)
    frame[:] = lit((60, 60, 60), light)
    frame[:24] = lit((240, 240, 240), light)
    frame[40:100, 50:110] = lit(rgb, light)
    return frame


def test_the_terms_are_the_eleven_basic_ones():
    assert set(COLOUR_TERMS) == set(BASIC_COLOURS) - {"gray"} and len(COLOUR_TERMS) == 11


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
@pytest.mark.parametrize("term", PAINTS)
def test_a_paint_keeps_its_name_in_every_light(term, light):
    frame = scene(PAINTS[term], light)
    (named,) = name_colours(frame[40:100, 50:110], frame=frame)
    assert named == (term, pytest.approx(1.0))


def test_white_in_the_dusk_needs_the_frame_to_be_seen_as_white():
    frame = scene(PAINTS["white"], LIGHTS["dusk"])
    box = frame[40:100, 50:110]
    assert name_colours(box)[0][0] == "grey" and name_colours(box, frame=frame)[0][0] == "white"


def test_what_the_border_shows_is_not_the_thing():
    box = np.full((80, 80, 3), (40, 130, 60), np.uint8)  # grass
    y, x = np.mgrid[:80, :80] - 39.5
    box[(x**2 + (2 * y) ** 2) < 30**2] = (190, 40, 45)  # something flat and red on it
    assert name_colours(box)[0][0] == "red"


def test_two_colours_are_both_named_and_many_are_none():
    halves = np.empty((60, 60, 3), np.uint8)
    halves[:32], halves[32:] = PAINTS["white"], PAINTS["blue"]
    assert [term for term, _ in name_colours(halves)] == ["white", "blue"]
    assert sum(share for _, share in name_colours(halves)) == pytest.approx(1.0)
    stripes = np.empty((60, 60, 3), np.uint8)
    for number, term in enumerate(("red", "yellow", "green", "blue", "purple", "white")):
        stripes[:, number::6] = PAINTS[term]
    assert name_colours(stripes) == []
    assert colour_shares(stripes).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("size_px", [(0, 0), (0, 9), (3, 40), (40, 3)])
def test_a_box_that_is_too_small_has_no_colour(size_px):
    box = np.full((*size_px, 3), (190, 40, 45), np.uint8)
    assert name_colours(box) == [] and colour_shares(box).sum() == 0


@pytest.mark.parametrize("size_px", [(4, 4), (5, 400), (720, 1280)])
def test_any_other_shape_has_one(size_px):
    box = np.full((*size_px, 3), (190, 40, 45), np.uint8)
    assert name_colours(box) == [("red", 1.0)]


def test_boxes_of_one_thing_are_named_together():
    shares = np.zeros((2, 11))
    shares[0, [COLOUR_TERMS.index("yellow"), COLOUR_TERMS.index("blue")]] = 0.45, 0.55
    shares[1, [COLOUR_TERMS.index("yellow"), COLOUR_TERMS.index("green")]] = 0.8, 0.2
    assert [term for term, _ in clear_colours(shares.mean(axis=0))] == ["yellow"]
    assert clear_colours(np.zeros(11)) == []


def test_a_cartoon_rabbit_is_grey_and_a_bow_tie_reddish(real_clips):
    (frame,) = frames_at(real_clips["bigbuckbunny"], (3.0,)).pixels
    assert name_colours(frame[28:315, 83:320], frame=frame)[0][0] == "grey"
    (frame,) = frames_at(real_clips["carphone_pristine"], (0.0,)).pixels
    shares = dict(zip(COLOUR_TERMS, colour_shares(frame[99:123, 84:135], frame=frame), strict=True))
    assert shares["red"] + shares["brown"] > 0.6, "dark red lies between the two"


@pytest.mark.parametrize(
    "clip, t_s, box, terms",
    [
        ("avenue.mp4", 11.0, (518, 215, 576, 262), {"yellow", "green"}),  # a taxi in two colours
        ("avenue.mp4", 11.0, (140, 225, 221, 277), {"blue"}),
        ("avenue.mp4", 11.0, (430, 216, 468, 263), {"white"}),
        ("bloom.mp4", 3.0, (230, 88, 378, 235), {"red", "orange"}),
        ("meeting.webm", 8.0, (451, 229, 522, 354), {"green"}),  # a chair
    ],
)
def test_things_in_real_films_have_their_colours(shared_data, clip, t_s, box, terms):
    (frame,) = frames_at(shared_data / "real_qa" / "clips" / clip, (t_s,)).pixels
    x0, y0, x1, y1 = box
    shares = colour_shares(frame[y0:y1, x0:x1], frame=frame)
    assert COLOUR_TERMS[shares.argmax()] in terms
