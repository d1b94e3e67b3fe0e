"""Labels are where the shapes are, a grid names its frames, a seed gives the same samples."""

from __future__ import annotations

import numpy as np

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.train_blip import MORE_COUNTS
from experiments.tiny_models.training_samples import PATCHES, in_frame, make, patch_labels
from svqa.shapes.balance import Balance
from svqa.shapes.scene import COLOURS, SHAPES, Sighting


def test_patches_are_labelled_where_the_shape_is():
    seen = [Sighting(0, "star", "blue", "small", 0.31, 0.06)]
    shape, colour, centre = patch_labels(seen, PATCHES)
    # row, column of an eighth
    assert np.argwhere(shape).tolist() == np.argwhere(centre).tolist() == [[0, 2]]
    assert (shape[0, 2], colour[0, 2]) == (
        1 + SHAPES.index("star"),
        1 + list(COLOURS).index("blue"),
    )


def test_a_grid_shows_its_four_frames_in_reading_order_and_asks_about_each():
    sample = world.grid(np.random.default_rng(4), Balance())
    cells = [sample.pixels[y : y + 48, x : x + 48] for y in (0, 48) for x in (0, 48)]
    quarters = [sample.patches[0, y : y + 4, x : x + 4] for y in (0, 4) for x in (0, 4)]
    for cell, (pixels, patches) in enumerate(zip(cells, quarters, strict=True)):
        texts = dict(sample.asked)
        counted = texts.get(in_frame("how many objects are there?", cell))
        if counted:
            assert (counted == "0") == (patches.max() == 0)
        assert pixels.shape == (48, 48, 3)
    assert all(
        text.startswith(("in the first", "in the second", "in the third", "in the fourth"))
        for text, _ in sample.asked
    )


def test_samples_are_the_same_for_the_same_seed():
    one, two = make(world.frames, 5, seed=3), make(world.frames, 5, seed=3)
    assert [a.asked for a in one] == [b.asked for b in two] and [a.caption for a in one] == [
        b.caption for b in two
    ]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, two, strict=True))
    assert make(world.frames, 5, seed=4)[0].asked != one[0].asked


def test_more_counts_are_asked_where_they_are_wanted():
    few, many = make(world.frames, 30, seed=1), make(world.frames, 30, seed=1, more=MORE_COUNTS)
    shares = [
        np.mean([text.startswith("how many") for t in samples for text, _ in t.asked])
        for samples in (few, many)
    ]
    assert shares[0] < 0.2 and shares[1] > 0.4
