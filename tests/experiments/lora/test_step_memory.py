"""Counted by hand for a layer; for a BLIP, less for an update than for all of it, every time."""

from __future__ import annotations

import pytest
import torch
from transformers import BlipForQuestionAnswering

from experiments.lora.step_memory import loss_and_batch, step_bytes
from svqa.training.dataset import read_examples
from svqa.training.presets import add_lora
from tests.helpers.blip import tiny_config, tiny_processor
from tests.helpers.training import write_task


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return read_examples(write_task(tmp_path_factory.mktemp("task"))[0])


def counted(examples, folder, preset=None, rank=8):
    model = BlipForQuestionAnswering(tiny_config())
    if preset:
        model = add_lora(model, preset, rank=rank)
    frozen = preset is not None and "all" not in preset
    return step_bytes(
        *loss_and_batch(
            model, tiny_processor(), examples, vision_is_frozen=frozen, cache=str(folder)
        )
    )


def test_a_linear_layer_by_hand():
    found = step_bytes(torch.nn.Linear(10, 1), torch.ones(5, 10))
    assert (found.weights, found.saved_forward, found.gradients, found.moments) == (44, 200, 44, 88)
    assert found.total == 376


def test_an_update_keeps_less_than_everything_and_more_with_its_rank(examples, tmp_path):
    full, small, large = (
        counted(examples, tmp_path, *how) for how in ((), ("blip-text-qv", 1), ("blip-text-qv", 16))
    )
    assert small.total < large.total < full.total
    assert 16 * small.gradients == large.gradients < full.gradients == full.weights
    assert small == counted(examples, tmp_path, "blip-text-qv", 1)


def test_vision_that_is_trained_keeps_what_it_saw(examples, tmp_path):
    text, every = (
        counted(examples, tmp_path, preset) for preset in ("blip-text-linear", "blip-all-linear")
    )
    assert every.saved_forward > text.saved_forward
