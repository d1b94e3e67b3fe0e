"""A model and a batch -> the bytes that one training step has to keep, counted, not measured.

The memory of a process also holds libraries, and what runs before it have left behind; for a small
model that hides what an update saves. What a step itself keeps can be counted, and is the same on
every machine: the weights, what autograd saves on the way forward, a gradient for each weight that
is trained, and AdamW's two moments of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from svqa.models.disk_cache import DiskCache
from svqa.training.batches import AnswerLoss, Collate, plain, tokenise
from svqa.training.dataset import Example
from svqa.training.feature_cache import FeatureCache, Pictures


@dataclass(frozen=True)
class StepBytes:
    """Bytes that one step keeps at the same time, by what they are for."""

    weights: int
    saved_forward: int
    gradients: int
    moments: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.saved_forward + self.gradients + self.moments


def step_bytes(loss: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> StepBytes:
    """Count what a step of `loss` (batch -> scalar) with AdamW keeps; nothing is changed.

    >>> step_bytes(torch.nn.Linear(10, 1), torch.ones(1, 10)).gradients   # 11 weights in float32
    44
    """
    weights = {p.untyped_storage().data_ptr(): p for p in loss.parameters()}
    saved: dict[int, torch.Tensor] = {}  # holding the tensors keeps their addresses apart

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss(batch)
    trained = sum(p.nbytes for p in weights.values() if p.requires_grad)
    return StepBytes(
        sum(p.nbytes for p in weights.values()),
        sum(t.untyped_storage().nbytes() for t in saved.values()),
        trained,
        2 * trained,
    )


def loss_and_batch(
    model, processor, examples: Sequence[Example], *, vision_is_frozen: bool, cache: str
):
    """-> the loss that `fine_tune_blip` minimises, and one batch of `examples`.

    Decoded pictures are kept under `cache`.
    """
    config = plain(model).config
    pictures = Pictures(examples, size_px=config.vision_config.image_size, cache=DiskCache(cache))
    pictures.decode()
    collate = Collate(
        tokenise(processor, config.text_config, examples),
        FeatureCache(pictures, processor),
        cached=False,
    )
    return AnswerLoss(model.train(), vision_is_frozen=vision_is_frozen), collate(
        range(len(examples))
    )
