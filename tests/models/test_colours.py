"""Basic colours of patches and boxes: named under other lights, or not where none is clear."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.models import colour_of_boxes, name_colours


@pytest.mark.parametrize(
    "rgb, name",
    [
        ((200, 20, 25), "red"),
        ((120, 15, 20), "red"),
        ((30, 80, 200), "blue"),
        ((30, 150, 50), "green"),
        ((250, 220, 30), "yellow"),
        ((250, 250, 250), "white"),
        ((15, 15, 15), "black"),
        ((128, 128, 128), "grey"),
        ((110, 70, 35), "brown"),
        ((245, 140, 180), "pink"),
        ((120, 40, 150), "purple"),
        ((245, 135, 20), "orange"),
    ],
)
@pytest.mark.parametrize("light", [0.85, 1.0, 1.1])
def test_a_patch_has_its_colour_under_more_and_less_light(rgb, name, light):
    patch = np.full((30, 40, 3), np.clip(np.array(rgb) * light, 0, 255), np.uint8)
    assert name_colours(patch)[0][0] == name


def test_the_middle_of_a_box_counts_more_than_what_lies_behind():
    picture = np.full((60, 60, 3), (30, 150, 50), np.uint8)
    picture[10:50, 10:50] = (200, 20, 25)
    assert name_colours(picture)[0][0] == "red"
    assert colour_of_boxes([picture, picture])[0] == "red"


def test_two_colours_are_told_and_a_mixture_of_many_is_not():
    halves = np.full((40, 40, 3), (250, 250, 250), np.uint8)
    halves[:, :20] = (110, 70, 35)
    assert set(colour_of_boxes([halves])[0].split(" and ")) == {"white", "brown"}
    four = np.array([[(200, 20, 25), (30, 80, 200)], [(30, 150, 50), (250, 220, 30)]], np.uint8)
    assert colour_of_boxes([four.repeat(20, axis=0).repeat(20, axis=1)])[0] == ""


def test_an_empty_box_is_refused():
    with pytest.raises(ValueError, match="RGB"):
        name_colours(np.zeros((0, 4, 3), np.uint8))
