"""What a small BLIP is taught, and that teaching it writes a checkpoint that loads.

And is held to its checksums.
"""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.objectives import UNKNOWN, ProbeHeads, normalised
from experiments.tiny_models.tiny_blip import (
    blip_config,
    wave_positions,
    whiten_patches,
    world_processor,
)
from experiments.tiny_models.train_blip import MORE_COUNTS, train_captioner, train_vqa
from experiments.tiny_models.training_samples import PATCHES, in_frame, make, patch_labels
from svqa.errors import WeightsCorrupt
from svqa.models import BlipAnswerer, BlipCaptioner
from svqa.shapes import COLOURS, SHAPES, Balance, Sighting


@pytest.fixture(scope="module")
def processor():
    return world_processor()


def test_patches_are_labelled_where_the_shape_is():
    seen = [Sighting(0, "star", "blue", "small", 0.31, 0.06)]
    shape, colour, centre = patch_labels(seen, PATCHES)
    assert (
        np.argwhere(shape).tolist() == np.argwhere(centre).tolist() == [[0, 2]]
    )  # row, column of an eighth
    assert (shape[0, 2], colour[0, 2]) == (
        1 + SHAPES.index("star"),
        1 + list(COLOURS).index("blue"),
    )


def test_a_grid_shows_its_four_frames_in_reading_order_and_asks_about_each():
    lesson = world.grid(np.random.default_rng(4), Balance())
    cells = [lesson.pixels[y : y + 48, x : x + 48] for y in (0, 48) for x in (0, 48)]
    quarters = [lesson.patches[0, y : y + 4, x : x + 4] for y in (0, 4) for x in (0, 4)]
    for cell, (pixels, patches) in enumerate(zip(cells, quarters, strict=True)):
        texts = dict(lesson.asked)
        counted = texts.get(in_frame("how many objects are there?", cell))
        if counted:
            assert (counted == "0") == (patches.max() == 0)
        assert pixels.shape == (48, 48, 3)
    assert all(
        text.startswith(("in the first", "in the second", "in the third", "in the fourth"))
        for text, _ in lesson.asked
    )


def test_lessons_are_the_same_for_the_same_seed():
    one, two = make(world.frames, 5, seed=3), make(world.frames, 5, seed=3)
    assert [a.asked for a in one] == [b.asked for b in two] and [a.caption for a in one] == [
        b.caption for b in two
    ]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, two, strict=True))
    assert make(world.frames, 5, seed=4)[0].asked != one[0].asked


def test_the_vocabulary_is_the_same_in_every_process(processor):
    code = (
        "from experiments.tiny_models.tiny_blip import *; "
        "print(sorted(world_processor().tokenizer.get_vocab().items()))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == str(sorted(processor.tokenizer.get_vocab().items()))


def test_every_word_of_the_world_is_one_token(processor):
    words = processor.tokenizer
    for text in (
        "is there an orange triangle?",
        "a red circle, a green star and a blue square",
        "in the fourth frame: where",
    ):
        assert "[UNK]" not in words.tokenize(text) and not any(
            t.startswith("##") for t in words.tokenize(text)
        )
    assert (
        words.decode(words("a red circle, a red star").input_ids, skip_special_tokens=True)
        == "a red circle, a red star"
    )


def test_the_first_layer_starts_as_a_whitening(processor):
    torch.manual_seed(0)
    vision = BlipForConditionalGeneration(blip_config(processor, text_layers=1)).vision_model
    pixels = normalised(np.stack([t.pixels for t in make(world.crowd, 40, seed=0)]))
    whiten_patches(vision, pixels)
    out = (
        vision.embeddings.patch_embedding(pixels).detach().flatten(2).transpose(1, 2).flatten(0, 1)
    )
    assert out.mean(0).abs().max() < 1e-2
    assert 0.05 < float(out.var(0).min()) <= float(out.var(0).max()) < 1.5


def test_positions_start_as_strong_as_patches_and_each_unlike_the_others(processor):
    vision = BlipForQuestionAnswering(blip_config(processor, text_layers=1)).vision_model
    wave_positions(vision)
    where = vision.embeddings.position_embedding.detach()[0, 1:]  # (64, 128)
    assert float(where.var()) == pytest.approx(
        0.5, abs=0.2
    )  # of sines; whitened patches have up to 1.5
    alike = torch.nn.functional.cosine_similarity(where[:, None], where[None], dim=-1)
    assert float((alike - 2 * torch.eye(len(where))).max()) < 0.99
    right, far = alike[0, 1], alike[0, 7]  # one patch on, seven patches on
    assert right > far


def test_readers_read_what_is_there_and_count_only_frames():
    lessons = [*make(world.frames, 6, seed=0), *make(world.crowd, 2, seed=0)]
    readers, rows = ProbeHeads(16, lessons), np.arange(len(lessons))
    assert readers.counts[:6, -1].tolist() == [sum(t.counts[:4]) for t in lessons[:6]]
    assert (readers.counts[6:] == UNKNOWN).all()
    features = torch.zeros(len(lessons), 1 + PATCHES**2, 16)
    base, _ = readers.loss(features, rows)
    readers.whole.bias.data += 5 * torch.randn(25)  # another guess of how many
    assert readers.loss(features, rows)[0] != base
    crowds, same = readers.loss(features[6:], rows[6:])[0], readers.whole.bias.data.zero_()
    assert readers.loss(features[6:], rows[6:])[0] == crowds and len(same)  # crowds are not counted


def test_more_counts_are_asked_where_they_are_wanted():
    few, many = make(world.frames, 30, seed=1), make(world.frames, 30, seed=1, more=MORE_COUNTS)
    shares = [
        np.mean([text.startswith("how many") for t in lessons for text, _ in t.asked])
        for lessons in (few, many)
    ]
    assert shares[0] < 0.2 and shares[1] > 0.4


def test_pictures_are_prepared_as_the_processor_prepares_them(processor):
    pixels = make(world.frames, 2, seed=0)[0].pixels[None]
    theirs = processor.image_processor(
        list(pixels), return_tensors="pt", input_data_format="channels_last"
    )
    assert torch.allclose(normalised(pixels), theirs.pixel_values, atol=1e-4)


@pytest.mark.slow
def test_training_writes_sealed_checkpoints_that_load(tmp_path):
    steps = []
    train_captioner(
        tmp_path / "captioner",
        scale=0.01,
        videos=2,
        progress=lambda what, done, of: steps.append((done, of)),
    )
    assert steps[-1][0] == steps[-1][1] == len(steps)
    found = train_vqa(tmp_path / "vqa", scale=0.01, videos=2)
    assert found["seed"] == 0 and found["figures"]["exists"]["n"] >= 1
    for folder, kind in ((tmp_path / "captioner", BlipCaptioner), (tmp_path / "vqa", BlipAnswerer)):
        assert {"README.md", "metrics.json", "curve.json", "curve.png", "checksums.json"} <= {
            p.name for p in folder.iterdir()
        }
        assert len(json.loads((folder / "curve.json").read_text())) >= 2
        kind.from_pretrained(folder)
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(WeightsCorrupt, match=r"model\.safetensors"):
            kind.from_pretrained(folder)
