"""Scenes -> the losses of a tiny CLIP: contrastive (Radford et al. 2021), and linear probes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from experiments.tiny_models.tiny_clip import IMAGE_PX, PATCH_PX, TOKENS, WIDTH
from experiments.tiny_models.training_samples import patch_labels
from experiments.tiny_models.views import View, draw_crowds, view_pixels
from svqa.shapes.scene import COLOURS, PLACES, SHAPES, SIZES, Scene, place_of
from svqa.shapes.truth import LABELS, description, frame_caption, steady_times

FRAMES = 2  # of a video in a batch
_PATCHES = IMAGE_PX // PATCH_PX
_SLOTS = len(LABELS) * len(PLACES)
_TARGETS = _SLOTS + len(LABELS) * len(SIZES)


class ClipProbes(torch.nn.Module):
    """Linear probes of training: shapes and places from a vector, shape and colour from a patch."""

    def __init__(self):
        super().__init__()
        self.content = torch.nn.Linear(WIDTH, _TARGETS)
        self.patch = torch.nn.Linear(WIDTH, 2 + len(SHAPES) + len(COLOURS))

    def patch_loss(self, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """`tokens (N, P, WIDTH)`, `labels (N, 3, P)` -> the cross entropy of shape and colour."""
        shape, colour = (
            self.patch(tokens).transpose(1, 2).split([1 + len(SHAPES), 1 + len(COLOURS)], dim=1)
        )
        wrong = functional.cross_entropy(
            shape, labels[:, 0], reduction="none"
        ) + functional.cross_entropy(colour, labels[:, 1], reduction="none")
        # most patches show background
        return (wrong * torch.where(labels[:, 0] > 0, 1.0, 0.3)).mean()

    def content_loss(self, vectors: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """-> cross entropy: sum over a row's targets (most are 0, soon learnt), mean of rows."""
        logits = self.content(vectors)
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(
            vectors
        )


def draw_crowd_bank(
    rng: np.random.Generator, count: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures, contents and patch labels of `count` crowds, each to be used several times."""
    views = draw_crowds(rng, count)
    contents = torch.stack([_content(s, [t_s]) for s, t_s in views])
    return (
        torch.from_numpy(view_pixels(views, rng, width_px=IMAGE_PX)),
        contents,
        _patch_labels(views),
    )


def crowd_losses(model, probes: ClipProbes, bank, chosen: np.ndarray) -> dict[str, torch.Tensor]:
    """-> the probes' losses on the chosen crowds, which train the vision tower alone."""
    pixels, contents, labels = (part[chosen] for part in bank)
    frames, tokens = _encode(model, pixels)
    return {
        "content loss": probes.content_loss(frames, contents),
        "patch loss": probes.patch_loss(tokens, labels),
    }


def _encode(model, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, H, W, 3) uint8 -> a vector a frame, not yet of length 1, and a token a patch."""
    seen = model.vision_model(pixel_values=(pixels.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25)
    return model.visual_projection(seen.pooler_output), seen.last_hidden_state[:, 1:]


def _patch_labels(views: list[View]) -> torch.Tensor:
    return torch.from_numpy(
        np.stack([patch_labels(s.at(t_s), _PATCHES).reshape(3, -1) for s, t_s in views])
    )


def video_losses(
    model, probes: ClipProbes, processor, scenes: list[Scene], rng: np.random.Generator
) -> dict[str, torch.Tensor]:
    """-> contrastive losses of videos and of frames with their texts, and the probes' losses."""
    views = [
        (scene, t_s)
        for scene in scenes
        for t_s in sorted(rng.choice(steady_times(scene), FRAMES, replace=False))
    ]
    frames, tokens = _encode(model, torch.from_numpy(view_pixels(views, rng, width_px=IMAGE_PX)))
    units = functional.normalize(frames, dim=-1)
    descriptions, captions = (
        _encode_text(model, processor, texts)
        for texts in (
            [description(s) for s in scenes],
            [frame_caption(*view) for view in views[::FRAMES]],
        )
    )
    scale = model.logit_scale.exp().clamp(max=50)
    at = torch.stack([_content(s, [t]) for s, t in views])
    over = torch.stack([_content(s, np.arange(8) + 0.2) for s in scenes])
    return {
        "video loss": _contrast(
            units.reshape(len(scenes), FRAMES, -1).mean(1), descriptions, scale
        ),
        "frame loss": _contrast(units[::FRAMES], captions, scale),
        "content loss": probes.content_loss(frames, at) + probes.content_loss(descriptions, over),
        "patch loss": probes.patch_loss(tokens, _patch_labels(views)),
    }


def _encode_text(model, processor, texts: list[str]) -> torch.Tensor:
    tokens = processor.tokenizer(
        texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
    )
    return model.get_text_features(**tokens).pooler_output


def _contrast(pictures: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    match = scale * functional.normalize(texts, dim=-1) @ functional.normalize(pictures, dim=-1).T
    own = torch.arange(len(match))
    return (functional.cross_entropy(match, own) + functional.cross_entropy(match.T, own)) / 2


def _content(scene: Scene, times_s: Sequence[float]) -> torch.Tensor:
    """-> (targets,): the share of these seconds in which each kind is in each place and size."""
    total = torch.zeros(_TARGETS)
    for t_s in times_s:
        for s in scene.at(float(t_s)):
            kind = LABELS.index(s.name)
            total[kind * len(PLACES) + PLACES.index(place_of(s.x, s.y))] += 1
            total[_SLOTS + kind * len(SIZES) + list(SIZES).index(s.size)] += 1
    return total / len(times_s)
