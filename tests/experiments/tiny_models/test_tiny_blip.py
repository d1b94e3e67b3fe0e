"""The vocabulary does not depend on the process; first layer and positions start as they should."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.objectives import normalised
from experiments.tiny_models.tiny_blip import (
    blip_config,
    wave_positions,
    whiten_patches,
    world_processor,
)
from experiments.tiny_models.training_samples import make


@pytest.fixture(scope="module")
def processor():
    return world_processor()


@pytest.mark.slow
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
    # of sines; whitened patches have up to 1.5
    assert float(where.var()) == pytest.approx(0.5, abs=0.2)
    alike = torch.nn.functional.cosine_similarity(where[:, None], where[None], dim=-1)
    assert float((alike - 2 * torch.eye(len(where))).max()) < 0.99
    right, far = alike[0, 1], alike[0, 7]  # one patch on, seven patches on
    assert right > far
