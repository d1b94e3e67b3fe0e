"""A model, pictures, questions -> cross-attention of the words, and its share on what they name.

BLIP's question encoder attends to the picture in every layer. In the shapes world it is known where
the objects are that a question names, so that attention can be measured: `share_at` beside
`even_share`, which is what uniform attention would give.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

from svqa.models.blip_parts import encode_question, frame_memory, remember
from svqa.shapes.scene import DURATION_S, Scene
from svqa.shapes.truth import boxes
from svqa.training.batches import enc_id
from svqa.training.feature_cache import COLUMNS, grid_times


@torch.inference_mode()
def attention_maps(answerer, pixels: Sequence[np.ndarray], questions: Sequence[str]) -> np.ndarray:
    """One picture a question -> (N, side, side) attention on each patch, summing to 1.

    Layers, heads and words are averaged. `answerer` is a `BlipAnswerer`. What goes to the class
    token, which stands for the whole picture, is left out.

    >>> attention_maps(answerer, [grid], ["which way?"]).shape   # doctest: +SKIP
    (1, 8, 8)
    """
    kept: list[torch.Tensor] = []
    model, tokenizer = answerer.model, answerer.processor.tokenizer
    first = enc_id(tokenizer, model.config.text_config)
    layers = model.text_encoder.encoder.layer
    hooks = [
        layer.crossattention.self.register_forward_hook(lambda *call: kept.append(call[-1][1]))
        for layer in layers
    ]
    found = []
    try:
        for picture, text in zip(pixels, questions, strict=True):
            kept.clear()
            ids = torch.tensor([[first, *tokenizer(text).input_ids[1:]]])
            seen = remember(answerer, [picture], lambda features: frame_memory(model, features))
            encode_question(model, ids, torch.stack(seen))  # layer by layer, as hooks see it
            # (layers, 1, heads, L, P) -> (P,)
            found.append(torch.stack(kept).mean((0, 1, 2, 3))[1:].numpy())
    finally:
        for hook in hooks:
            hook.remove()
    patches = np.array(found)
    side = round(patches.shape[1] ** 0.5)
    return (patches / patches.sum(1, keepdims=True)).reshape(-1, side, side)


def named_patches(scene: Scene, question: str, *, side: int) -> np.ndarray:
    """-> (side, side) 0 to 1: how much of each patch of the grid a box of a named object covers."""
    names = set(re.findall(r"the (\w+ \w+)", question))
    actors = {
        i
        for i, a in enumerate(scene.actors)
        if names & {f"{colour} {a.shape}" for _, colour in a.colours}
    }
    cell, covered = side // COLUMNS, np.zeros((side, side))
    edges = np.arange(cell)
    for i, t_s in enumerate(grid_times((0.0, DURATION_S))):
        top, left = cell * (i // COLUMNS), cell * (i % COLUMNS)
        for box in boxes(scene, float(t_s), width_px=cell):  # a pixel a patch
            if box.track_id in actors:
                x0, y0, x1, y1 = box.xyxy_px
                wide, high = (
                    np.clip(np.minimum(b, edges + 1) - np.maximum(a, edges), 0, 1)
                    for a, b in ((x0, x1), (y0, y1))
                )
                covered[top : top + cell, left : left + cell] += np.outer(high, wide)
    return covered.clip(0, 1)


def share_at(attention: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """`attention`, `covered (N, side, side)` -> (N,) the share of attention on what is covered."""
    return (attention * covered).sum((1, 2))


def even_share(covered: np.ndarray) -> np.ndarray:
    """`covered (N, side, side)` -> (N,) the share that uniform attention would have there."""
    return covered.mean((1, 2))
