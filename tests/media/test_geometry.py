"""Coded picture -> the model's picture: upright and exactly as large as asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from svqa.media.geometry import FITS, arrange, displayed_size, output_size, plan_geometry

SIDES = st.tuples(st.integers(1, 200), st.integers(1, 200))
TURNS = st.sampled_from([0, 90, 180, 270])
ASPECTS = st.sampled_from([0.5, 8 / 9, 1.0, 4 / 3, 2.0])


def plan(coded_wh, aspect, rotation_deg, size_wh, fit):
    shown = displayed_size(coded_wh, aspect, rotation_deg)
    out_wh = output_size(shown, size_wh, fit)
    return out_wh, plan_geometry(coded_wh, aspect, rotation_deg, out_wh, fit)


@given(SIDES, ASPECTS, TURNS, SIDES, st.sampled_from(FITS))
def test_the_picture_has_the_size_that_was_asked_for(coded_wh, aspect, turn, size_wh, fit):
    (width, height), geometry = plan(coded_wh, aspect, turn, size_wh, fit)
    scaled = np.full((*geometry.scale_wh[::-1], 3), 255, np.uint8)
    picture = arrange(scaled, geometry)
    assert picture.shape == (height, width, 3) and picture.flags.c_contiguous
    assert fit == "pad" or picture.min() == 255, "only padding adds black"
    assert fit in ("inside", "shrink") or (width, height) == size_wh
    assert width <= size_wh[0] and height <= size_wh[1]


@given(SIDES, TURNS, SIDES)
def test_padding_shows_the_whole_picture_and_cropping_fills_the_size(coded_wh, turn, size_wh):
    for fit, within in (("pad", True), ("crop", False)):
        out_wh, geometry = plan(coded_wh, 1.0, turn, size_wh, fit)
        scaled = geometry.scale_wh[::-1] if turn % 180 else geometry.scale_wh
        sides = zip(scaled, out_wh, strict=True)
        assert all(side <= out if within else side >= out for side, out in sides)


@given(SIDES, ASPECTS, TURNS)
def test_two_quarter_turns_more_show_the_same_size(coded_wh, aspect, turn):
    assert displayed_size(coded_wh, aspect, turn) == displayed_size(coded_wh, aspect, turn + 180)
