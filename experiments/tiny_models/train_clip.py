"""Seed -> a tiny CLIP, trained on freshly drawn shapes, and how well its texts find their videos.

First the picture tower alone looks at crowds of still shapes: one linear layer reads from its
vector which shapes are where, another reads each patch. Then descriptions have to find their videos
(the mean of two frames' vectors) and captions their frames, by the symmetric contrastive loss of
CLIP, while the same layer reads both towers. Contrast alone learns almost nothing from so few
pairs. The two layers are thrown away.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from experiments.tiny_models.tiny_clip import (
    IMAGE_PX,
    PATCH_PX,
    TOKENS,
    WIDTH,
    make_processor,
    new_model,
    whiten_patches,
)
from experiments.tiny_models.training_samples import patch_labels
from experiments.tiny_models.views import View, draw_crowds, recast, view_pixels
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.models.checkpoint import write_checksums
from svqa.models.clip import ClipEncoder
from svqa.records import Progress
from svqa.shapes.render import render
from svqa.shapes.sampling import sample_scene, scene_of
from svqa.shapes.scene import COLOURS, MAX_OBJECTS, PLACES, SHAPES, SIZES, Scene, place_of
from svqa.shapes.truth import LABELS, description, frame_caption, steady_times
from svqa.training.curve_card import save_curve, write_card

CROWDS, VIDEOS, FRAMES = 32, 24, 2
CROWD_BANK, POOL = 3000, 2000  # pictures, scenes
STEPS, CROWD_STEPS = 5000, 600  # of all steps, the first so many are about crowds
EVALUATION_SEED = 90_002
_PATCHES = IMAGE_PX // PATCH_PX
_SLOTS = len(LABELS) * len(PLACES)
_WEIGHTS = {"video loss": 1.0, "frame loss": 1.0, "content loss": 0.1, "patch loss": 2.0}
_TARGETS = _SLOTS + len(LABELS) * len(SIZES)
_TEXT = """
A CLIP of 0.76 M parameters (72 px, patches of 12) for the shapes world, made by the classes that load the big ones. Its
vectors say which coloured shapes are where, in the world's own words (`a red circle`, `a small red circle at the top
left moves right`); it knows no other word and no real picture. A video is the mean of its frames: the order of events
is lost.
"""


def train(
    out: str | Path,
    seed: int = 0,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> dict:
    """Train, evaluate and write the checkpoint folder `out` -> its metrics. About 25 CPU minutes on
    one core.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    rng = np.random.default_rng([seed, 2])
    torch.manual_seed(seed)
    pool = scenes_to_learn(rng)
    processor = make_processor([description(recast(s, rng)) for s in pool])
    model, crowds = new_model(processor.tokenizer), round(steps * CROWD_STEPS / STEPS)
    curve = fit(
        model, processor, pool, rng, crowds=crowds, videos=steps - crowds, progress=progress
    )
    minutes = (time.process_time() - began) / 60
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    save_curve(folder, curve, title="Tiny CLIP on the shapes world")
    figures = evaluate(ClipEncoder(model, processor, model_id="clip"), EVALUATION_SEED)
    metrics = {
        "seed": seed,
        "evaluation_seed": EVALUATION_SEED,
        "steps": steps,
        "cpu_minutes": round(minutes, 1),
        "batch": f"{CROWDS} crowds, then {VIDEOS} videos x {FRAMES} frames",
        "optimizer": "AdamW 1e-3, cosine, 0.01 decay",
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": f"{CROWD_BANK} crowds of up to ten shapes; {POOL} scenes, each time in other "
        "colours and shapes, "
        "mirrored; scaled down from 128 px, half of the frames recoded as JPEG",
    }
    write_card(
        folder, title="Tiny CLIP of the shapes world", text=_TEXT, metrics=metrics, figures=figures
    )
    write_checksums(folder)
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def evaluate(
    encoder: ClipEncoder, seed: int, *, galleries: int = 5, videos: int = 100
) -> dict[str, Figure]:
    """How often a text finds its own video (or a video its text) first among `videos`; every
    gallery is drawn anew.

    A video's vector is the mean of one frame a second. Texts: the exact description, and a caption
    of the frame at the middle; a caption shared by several frames counts as found if one of them is
    first. Intervals over videos.
    """
    to_video, to_text, to_frame = [], [], []
    for gallery in range(galleries):
        scenes = [scene_of(seed + gallery, i) for i in range(videos)]
        clips = [render(s, np.arange(8) + 0.25, width_px=128).pixels for s in scenes]
        vectors = np.stack([encoder.encode_frames(clip) for clip in clips])
        means = vectors.mean(axis=1)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        match = encoder.encode_text([description(s) for s in scenes]) @ means.T
        own = np.arange(videos)
        to_video += (match.argmax(axis=1) == own).tolist()
        to_text += (match.argmax(axis=0) == own).tolist()
        captions = [frame_caption(s, 4.25) for s in scenes]
        nearest = (encoder.encode_text(captions) @ vectors[:, 4].T).argmax(axis=1)
        to_frame += [
            captions[found] == caption for found, caption in zip(nearest, captions, strict=True)
        ]
    groups = range(galleries * videos)
    return {
        "text to video recall@1 of 100": bootstrap_over_groups(to_video, groups, seed=0),
        "video to text recall@1 of 100": bootstrap_over_groups(to_text, groups, seed=0),
        "caption to frame recall@1 of 100": bootstrap_over_groups(to_frame, groups, seed=0),
    }


class _Readers(torch.nn.Module):
    """Read from the towers only while they learn: shapes and places from a vector, shape and colour
    from a patch.
    """

    def __init__(self):
        super().__init__()
        self.content = torch.nn.Linear(WIDTH, _TARGETS)
        self.patch = torch.nn.Linear(WIDTH, 2 + len(SHAPES) + len(COLOURS))

    def patch_loss(self, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """`tokens (N, P, WIDTH)`, `labels (N, 3, P)`."""
        shape, colour = (
            self.patch(tokens).transpose(1, 2).split([1 + len(SHAPES), 1 + len(COLOURS)], dim=1)
        )
        wrong = functional.cross_entropy(
            shape, labels[:, 0], reduction="none"
        ) + functional.cross_entropy(colour, labels[:, 1], reduction="none")
        return (
            wrong * torch.where(labels[:, 0] > 0, 1.0, 0.3)
        ).mean()  # most patches show background

    def content_loss(self, vectors: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross entropy summed over the targets of a row, a mean over rows: most targets are 0 and
        soon learnt.
        """
        read = self.content(vectors)
        return functional.binary_cross_entropy_with_logits(read, targets, reduction="sum") / len(
            vectors
        )


def scenes_to_learn(rng: np.random.Generator) -> list[Scene]:
    """As many with one shape as with two, three and four."""
    return [sample_scene(rng, objects=1 + i % MAX_OBJECTS) for i in range(POOL)]


def fit(
    model: torch.nn.Module,
    processor,
    pool: list[Scene],
    rng: np.random.Generator,
    *,
    crowds: int,
    videos: int,
    progress: Progress | None = None,
) -> list[dict]:
    """Teach `model` in place on `crowds`, then `videos` steps, with new readers -> rows of the
    curve.
    """
    readers, steps = _Readers(), crowds + videos
    model.train()
    parameters = [*model.parameters(), *readers.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    if crowds:
        bank = _draw_crowd_bank(rng)
        whiten_patches(model.vision_model.embeddings, bank[0][:300])
    curve: list[dict] = []
    for step in range(1, steps + 1):
        if step <= crowds:
            losses = _crowd_losses(model, readers, bank, rng.integers(CROWD_BANK, size=CROWDS))
        else:
            losses = _losses(
                model,
                readers,
                processor,
                [recast(_pick(pool, rng), rng) for _ in range(VIDEOS)],
                rng,
            )
        loss = sum(_WEIGHTS[name] * value for name, value in losses.items())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 0 or step == steps:
            curve.append(
                {"step": step, **{name: round(value.item(), 4) for name, value in losses.items()}}
            )
        if progress:
            progress("steps", step, steps)
    model.eval()
    return curve


def _draw_crowd_bank(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures, contents and patch labels of `CROWD_BANK` crowds: each is seen a few times and
    drawn once.
    """
    views = draw_crowds(rng, CROWD_BANK)
    contents = torch.stack([_content(s, [t_s]) for s, t_s in views])
    return (
        torch.from_numpy(view_pixels(views, rng, width_px=IMAGE_PX)),
        contents,
        _patch_labels(views),
    )


def _crowd_losses(model, readers: _Readers, bank, chosen: np.ndarray) -> dict[str, torch.Tensor]:
    pixels, contents, labels = (part[chosen] for part in bank)
    frames, tokens = _look(model, pixels)
    return {
        "content loss": readers.content_loss(frames, contents),
        "patch loss": readers.patch_loss(tokens, labels),
    }


def _look(model, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, H, W, 3) uint8 -> a vector a frame, not yet of length 1, and a token a patch."""
    seen = model.vision_model(pixel_values=(pixels.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25)
    return model.visual_projection(seen.pooler_output), seen.last_hidden_state[:, 1:]


def _patch_labels(views: list[View]) -> torch.Tensor:
    return torch.from_numpy(
        np.stack([patch_labels(s.at(t_s), _PATCHES).reshape(3, -1) for s, t_s in views])
    )


def _losses(
    model, readers: _Readers, processor, scenes: list[Scene], rng: np.random.Generator
) -> dict[str, torch.Tensor]:
    views = [
        (scene, t_s)
        for scene in scenes
        for t_s in sorted(rng.choice(steady_times(scene), FRAMES, replace=False))
    ]
    frames, tokens = _look(model, torch.from_numpy(view_pixels(views, rng, width_px=IMAGE_PX)))
    units = functional.normalize(frames, dim=-1)
    told, said = (
        _text_vectors(model, processor, texts)
        for texts in (
            [description(s) for s in scenes],
            [frame_caption(*view) for view in views[::FRAMES]],
        )
    )
    scale = model.logit_scale.exp().clamp(max=50)
    at = torch.stack([_content(s, [t]) for s, t in views])
    over = torch.stack([_content(s, np.arange(8) + 0.2) for s in scenes])
    return {
        "video loss": _contrast(units.reshape(VIDEOS, FRAMES, -1).mean(1), told, scale),
        "frame loss": _contrast(units[::FRAMES], said, scale),
        "content loss": readers.content_loss(frames, at) + readers.content_loss(told, over),
        "patch loss": readers.patch_loss(tokens, _patch_labels(views)),
    }


def _text_vectors(model, processor, texts: list[str]) -> torch.Tensor:
    tokens = processor.tokenizer(
        texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
    )
    return model.get_text_features(**tokens).pooler_output


def _contrast(pictures: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    match = scale * functional.normalize(texts, dim=-1) @ functional.normalize(pictures, dim=-1).T
    own = torch.arange(len(match))
    return (functional.cross_entropy(match, own) + functional.cross_entropy(match.T, own)) / 2


def _content(scene: Scene, times_s: Sequence[float]) -> torch.Tensor:
    """-> (targets,): the share of these seconds in which each kind of shape is in each place, and
    in each size.
    """
    total = torch.zeros(_TARGETS)
    for t_s in times_s:
        for s in scene.at(float(t_s)):
            kind = LABELS.index(s.name)
            total[kind * len(PLACES) + PLACES.index(place_of(s.x, s.y))] += 1
            total[_SLOTS + kind * len(SIZES) + list(SIZES).index(s.size)] += 1
    return total / len(times_s)


def _pick(pool: list[Scene], rng: np.random.Generator) -> Scene:
    return pool[rng.integers(len(pool))]


def _pace(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
