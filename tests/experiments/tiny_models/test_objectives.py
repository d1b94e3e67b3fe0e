"""Pixels are prepared as the processor does; what is held out is never drawn."""

from __future__ import annotations

import numpy as np
import torch

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.objectives import normalised
from experiments.tiny_models.tiny_blip import world_processor
from experiments.tiny_models.trainer import HELD_OUT, draw_rows
from experiments.tiny_models.training_samples import make


def test_pictures_are_prepared_as_the_processor_prepares_them():
    processor = world_processor()
    pixels = make(world.frames, 2, seed=0)[0].pixels[None]
    theirs = processor.image_processor(
        list(pixels), return_tensors="pt", input_data_format="channels_last"
    )
    assert torch.allclose(normalised(pixels), theirs.pixel_values, atol=1e-4)


def test_held_out_samples_are_never_drawn():
    rows = draw_rows(np.random.default_rng(0), 0, 5 * HELD_OUT, 2000)
    assert (rows % HELD_OUT != 0).all() and len(set(rows.tolist())) > 4 * HELD_OUT
