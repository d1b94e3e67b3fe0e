"""Attention sums to one and follows its inputs; no hook stays; named objects cover patches."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.lora.attention import attention_maps, even_share, named_patches, share_at
from experiments.lora.task import grid_of
from svqa.models.blip import BlipAnswerer
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import COLOURS
from tests.helpers.blip import write_tiny


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    return BlipAnswerer.from_pretrained(str(write_tiny("vqa", tmp_path_factory.mktemp("tiny"))))


def test_attention_sums_to_one_and_follows_picture_and_words(answerer):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    asked = ["what colour is the circle ?", "how many are there ?"]
    found = attention_maps(answerer, pictures, asked)
    assert found.shape == (2, 2, 2) and np.allclose(found.sum((1, 2)), 1)
    again = attention_maps(answerer, pictures[::-1], asked)
    assert not np.allclose(found, again) and np.array_equal(
        found[0], attention_maps(answerer, pictures[:1], asked[:1])[0]
    )


def test_no_hook_stays_behind(answerer):
    with pytest.raises(ValueError, match="zip"):
        attention_maps(answerer, [np.zeros((32, 32, 3), np.uint8)], ["one ?", "two ?"])
    layers = answerer.model.text_encoder.encoder.layer
    assert not any(layer.crossattention.self._forward_hooks for layer in layers)


def test_the_patches_of_a_named_object_are_where_its_colour_is_painted():
    scene = scene_of(3, 0)
    actor = scene.actors[0]
    name = actor.name_at(0)
    covered = named_patches(scene, f"which way does the {name} move?", side=8)
    assert (
        0 < covered.sum() < 32
        and named_patches(scene, "how many objects are there?", side=8).sum() == 0
    )
    row, column = np.unravel_index(covered.argmax(), covered.shape)
    patch = grid_of(scene)[12 * row : 12 * row + 12, 12 * column : 12 * column + 12].astype(float)
    painted = [COLOURS[colour] for _, colour in actor.colours]
    assert min(np.abs(patch - colour).max(-1).min() for colour in painted) < 40
    both = named_patches(
        scene, " or ".join(f"the {a.name_at(0)} stops" for a in scene.actors[:2]), side=8
    )
    assert both.sum() > covered.sum()


def test_shares_by_hand():
    covered = np.zeros((1, 2, 2))
    covered[0, 0, 0] = 1
    attention = np.array([[[0.7, 0.1], [0.1, 0.1]]])
    assert share_at(attention, covered).tolist() == [0.7] and even_share(covered).tolist() == [0.25]
