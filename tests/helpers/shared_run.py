"""One of several processes that train a tiny BLIP's update: `python shared_run.py FOLDER`.

Every exam is better than the one before, so that the weights of the last step are the ones kept.
With DIE_AT in the environment the second process kills itself at that step.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader
from transformers import BlipForQuestionAnswering

from svqa.models import DiskCache
from svqa.training import Recipe, add_lora, read_examples
from svqa.training.batches import AnswerLoss, Collate, PictureBatches, tokenise
from svqa.training.feature_cache import FeatureCache, Pictures
from svqa.training.loop import Loop
from tests.helpers.blip import tiny_config, tiny_processor


def main(folder: Path) -> None:
    recipe = Recipe(batch_size=5, accumulation=2, epochs=4, save_steps=1, patience=99)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=recipe.accumulation)
    examples, processor = read_examples(folder / "train.jsonl"), tiny_processor()
    pictures = Pictures(
        examples, size_px=32, cache=DiskCache(folder / f"cache{accelerator.process_index}")
    )
    tokens = tokenise(processor, tiny_config().text_config, examples)
    collate = Collate(tokens, FeatureCache(pictures, processor), cached=False)
    torch.manual_seed(0)
    model = BlipForQuestionAnswering(tiny_config())
    model = add_lora(model, recipe.preset, rank=4, alpha=8, dropout=0.0, base_id="tiny").train()
    batches = PictureBatches(pictures.row_of, size=recipe.batch_size, together=2, seed=0)
    loss = AnswerLoss(model, vision_is_frozen=True)
    begun = {n: p.detach().clone() for n, p in loss.named_parameters() if p.requires_grad}
    better = count()

    def told(what: str, done: float, of: float) -> None:
        if accelerator.process_index == 1 and done == int(os.environ.get("DIE_AT", "0")):
            os.kill(os.getpid(), signal.SIGKILL)

    loader = DataLoader(range(len(examples)), batch_sampler=batches, collate_fn=collate)
    state = Loop(
        loss,
        loader,
        recipe,
        accelerator=accelerator,
        examine=lambda: [float(next(better))],
        folder=folder,
        progress=told,
    ).run()
    if accelerator.is_main_process:
        weights = {n: p.detach() for n, p in loss.named_parameters() if p.requires_grad}
        kept = {"weights": weights, "begun": begun, "losses": state.losses}
        torch.save(kept, folder / "weights.pt")
    accelerator.end_training()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
