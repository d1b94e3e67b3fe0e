"""Seed -> a tiny CLIP, trained on freshly drawn shapes, and how well its texts find their videos.

First the vision tower alone is trained on crowds of still shapes: one linear probe predicts from
its vector which shapes are where, another what covers each patch. Then descriptions have to find
their videos (the mean of two frames' vectors) and captions their frames, by the symmetric
contrastive loss of CLIP, while the same probe is applied to both towers. The contrastive loss alone
learns almost nothing from so few pairs. The probes are thrown away.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import torch

from experiments.tiny_models.clip_losses import (
    FRAMES,
    ClipProbes,
    crowd_losses,
    draw_crowd_bank,
    video_losses,
)
from experiments.tiny_models.tiny_clip import make_processor, new_model, whiten_patches
from experiments.tiny_models.views import recast
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.models.checkpoint import write_checksums
from svqa.models.clip import ClipEncoder
from svqa.records import Progress
from svqa.shapes.render import render
from svqa.shapes.sampling import sample_scene, scene_of
from svqa.shapes.scene import MAX_OBJECTS, Scene
from svqa.shapes.truth import description, frame_caption
from svqa.training.curve_card import save_curve, write_card

CROWDS, VIDEOS = 32, 24  # in a batch
CROWD_BANK, POOL = 3000, 2000  # pictures, scenes
STEPS, CROWD_STEPS = 5000, 600  # of all steps, the first so many are about crowds
EVALUATION_SEED = 90_002
_WEIGHTS = {"video loss": 1.0, "frame loss": 1.0, "content loss": 0.1, "patch loss": 2.0}
_TEXT = """
A CLIP of 0.76 M parameters (72 px, patches of 12) for the shapes world, made by the classes that
load the big ones. Its vectors say which coloured shapes are where, in the world's own words (`a red
circle`, `a small red circle at the top left moves right`); it knows no other word and no real
picture. A video is the mean of its frames: the order of events is lost.
"""


def train(
    out: str | Path,
    seed: int = 0,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> dict:
    """Train, evaluate and write the checkpoint folder `out` -> its metrics; 25 CPU minutes."""
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
        "colours and shapes, mirrored; scaled down from 128 px, half of the frames recoded as JPEG",
    }
    write_card(
        folder, title="Tiny CLIP of the shapes world", text=_TEXT, metrics=metrics, figures=figures
    )
    write_checksums(folder)
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def evaluate(
    encoder: ClipEncoder, seed: int, *, galleries: int = 5, videos: int = 100
) -> dict[str, Figure]:
    """-> recall@1 of texts and videos among `videos`, over galleries that are each drawn anew.

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
    """Train `model` in place for `crowds`, then `videos` steps -> rows of the curve."""
    probes, steps = ClipProbes(), crowds + videos
    model.train()
    parameters = [*model.parameters(), *probes.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    if crowds:
        bank = draw_crowd_bank(rng, CROWD_BANK)
        whiten_patches(model.vision_model.embeddings, bank[0][:300])
    curve: list[dict] = []
    for step in range(1, steps + 1):
        if step <= crowds:
            losses = crowd_losses(model, probes, bank, rng.integers(CROWD_BANK, size=CROWDS))
        else:
            losses = video_losses(
                model,
                probes,
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


def _pick(pool: list[Scene], rng: np.random.Generator) -> Scene:
    return pool[rng.integers(len(pool))]


def _pace(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
