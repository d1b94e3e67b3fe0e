"""Seed -> a BLIP that captions and a BLIP that answers, small enough to ship, and their accuracy.

A transformer this small learns nothing from questions alone in any time one would wait. So it is
trained on a curriculum, each stage on top of the one before: what covers each patch and how many
objects there are, captions, answers. While a later stage begins, the vision encoder is frozen and
its features are computed once; then all is trained together. bfloat16 is left out on purpose:
without hardware support for it a step took ten times longer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.objectives import (
    AnswerObjective,
    CaptionObjective,
    FrameAwareAnswerObjective,
    PatchObjective,
    normalised,
)
from experiments.tiny_models.tiny_blip import (
    blip_config,
    wave_positions,
    whiten_patches,
    world_processor,
)
from experiments.tiny_models.trainer import Trainer
from experiments.tiny_models.training_samples import TrainingSample
from svqa.evaluation.shapes_questions import FRESH_SEED, evaluate_captions, evaluate_frame_questions
from svqa.metrics.results import EvalResult, Figure
from svqa.models.blip import BlipAnswerer, BlipCaptioner
from svqa.models.checkpoint import write_checksums
from svqa.records import Progress
from svqa.training.curve_card import save_curve, write_card

CROWDS, GRIDS = 3000, 3000  # what the vision encoder is trained on, beside frames
CAPTION_STEPS = {
    "patches of crowds": 600,
    "patches and counts": 3500,
    "captions, vision frozen": 700,
    "captions": 500,
    "captions of worn frames": 2000,
}
ANSWER_STEPS = {
    "patches of crowds": 600,
    "patches and counts": 5000,  # counting needs every object
    "places, vision frozen": 400,
    "answers about frames, vision frozen": 800,
    "answers": 4500,
    "answers, counts more often": 2500,
}
FRAMES, PLACES, FRESH, FRESH_GRIDS = 6000, 6000, 18_000, 9000
MORE_COUNTS = ("count",) * 3
_SEEN = f"{CROWDS} crowds, {GRIDS} grids"
_CAPTIONER_DATA = f"{_SEEN}, {FRESH // 2} worn frames; {FRAMES} plain frames for the first captions"
_ANSWERER_DATA = (
    f"{_SEEN}; {PLACES} frames asked for places; {FRESH} worn frames, {FRESH_GRIDS} "
    "worn grids; as many again"
)
_CAPTIONER = """
A BLIP captioner for the shapes world: 96 px, patches of 12, four layers of vision, two of text, 128
wide. It names every shape in sight by colour and kind, in the world's own order of words, and knows
no other picture. `tokens`: share of words right, once both sentences are aligned; `captions`: share
of sentences exactly right.
"""
_ANSWERER = """
A BLIP that answers about the shapes world: 96 px, patches of 12, four layers of vision, three of
question and three of answer, 128 wide. It was trained on what one frame shows (exists, colour,
shape, count, place), in plain frames and in a named frame of a 2 x 2 grid (`in the second frame:
...`), and on nothing about time: on direction, order, when, changes, count over the video and sound
it is to be near `blind`, whatever frame it is shown. Figures are for the right frame unless they
say otherwise; `shuffled` is the same second of another video, `blind` the answer prior of the
question alone.
"""


def train_captioner(
    out: str | Path,
    seed: int = 0,
    *,
    scale: float = 1.0,
    videos: int = 240,
    progress: Progress | None = None,
) -> dict:
    """Patches, then captions -> the checkpoint folder `out` and its metrics; 15 CPU minutes.

    `scale` multiplies data and steps: 0.01 is enough to see that everything runs, and learns
    nothing. `videos` are drawn for the figures.
    """
    torch.manual_seed(seed)
    began, steps = time.process_time(), _scaled(CAPTION_STEPS, scale)
    trainer = Trainer(sum(steps.values()), np.random.default_rng(seed), progress)
    processor = world_processor()
    model = BlipForConditionalGeneration(blip_config(processor, text_layers=2))
    plain = world.make(world.frames, round(FRAMES * scale), seed=seed)
    worn = world.make(world.frames, round(FRESH / 2 * scale), seed=seed + 1, worn=True)
    train_vision(model.vision_model, worn, trainer, steps, seed, scale)
    captions = CaptionObjective(model, processor, plain)
    trainer.fit(captions.frozen(), steps["captions, vision frozen"], peak=1e-3)
    trainer.fit(captions, steps["captions"], peak=7e-4)
    trainer.fit(
        CaptionObjective(model, processor, worn), steps["captions of worn frames"], peak=7e-4
    )
    recipe = _recipe(seed, steps, _CAPTIONER_DATA, began, model)
    return _finish(
        Path(out),
        model,
        processor,
        trainer,
        recipe,
        videos,
        title="Tiny BLIP captioner of the shapes world",
        text=_CAPTIONER,
    )


def train_vqa(
    out: str | Path,
    seed: int = 0,
    *,
    scale: float = 1.0,
    videos: int = 1000,
    progress: Progress | None = None,
) -> dict:
    """Patches, places, then all questions -> the checkpoint folder `out` and its metrics.

    About 30 CPU minutes on one core. `scale` and `videos` as in `train_captioner`.
    """
    torch.manual_seed(seed)
    began, steps = time.process_time(), _scaled(ANSWER_STEPS, scale)
    trainer = Trainer(sum(steps.values()), np.random.default_rng(seed + 1), progress)
    processor = world_processor()
    model = BlipForQuestionAnswering(blip_config(processor, text_layers=3))
    worn = world.make(world.frames, round(FRESH * scale), seed=seed + 1, worn=True)
    train_vision(model.vision_model, worn, trainer, steps, seed, scale)
    where = world.make(world.frames, round(PLACES * scale), seed=seed + 2, types=("place",))
    trainer.fit(
        AnswerObjective(model, processor, where).frozen(), steps["places, vision frozen"], peak=1e-3
    )
    of_frames = AnswerObjective(model, processor, worn[: round(FRESH / 2 * scale)]).frozen()
    trainer.fit(of_frames, steps["answers about frames, vision frozen"], peak=1e-3)
    worn += world.make(world.grid, round(FRESH_GRIDS * scale), seed=seed + 1, worn=True)
    trainer.fit(FrameAwareAnswerObjective(model, processor, worn), steps["answers"], peak=7e-4)
    new = world.make(world.frames, round(FRESH * scale), seed=seed + 3, worn=True, more=MORE_COUNTS)
    new += world.make(world.grid, round(FRESH_GRIDS * scale), seed=seed + 3, worn=True)
    trainer.fit(
        FrameAwareAnswerObjective(model, processor, new),
        steps["answers, counts more often"],
        peak=5e-4,
    )
    recipe = _recipe(seed, steps, _ANSWERER_DATA, began, model)
    return _finish(
        Path(out),
        model,
        processor,
        trainer,
        recipe,
        videos,
        title="Tiny BLIP of the shapes world that answers",
        text=_ANSWERER,
    )


def train_vision(
    vision,
    frames: Sequence[TrainingSample],
    trainer: Trainer,
    steps: Mapping[str, int],
    seed: int,
    scale: float,
) -> None:
    """Train the vision encoder alone, in place: what covers each patch, how many objects there are.

    Crowds come first and alone: with ten shapes a picture, shapes are learnt in 500 steps; from the
    other pictures not in 2,000.
    """
    crowds = world.make(world.crowd, round(CROWDS * scale), seed=seed)
    grids = world.make(world.grid, round(GRIDS * scale), seed=seed)
    whiten_patches(vision, normalised(np.stack([t.pixels for t in crowds[:400]])))
    wave_positions(vision)
    trainer.fit(PatchObjective(vision, crowds), steps["patches of crowds"], peak=2e-3)
    trainer.fit(
        PatchObjective(vision, [*crowds, *grids, *frames]), steps["patches and counts"], peak=1e-3
    )


def _scaled(steps: Mapping[str, int], scale: float) -> dict[str, int]:
    return {name: round(n * scale) for name, n in steps.items()}


def flat_figures(result: EvalResult) -> dict[str, Figure]:
    """-> `{type: ...}` from the right frame, its `(shuffled)` and `(blind)` baselines beside it."""
    found = dict(result.metrics)
    for kind, figures in result.by_type.items():
        found[kind] = figures["right frame"]
        found |= {
            f"{kind} ({name})": result.baselines[name][kind]
            for name in ("shuffled", "blind")
            if kind in result.baselines[name]
        }
    return found


def _recipe(seed: int, steps: Mapping[str, int], data: str, began: float, model) -> dict:
    return {
        "seed": seed,
        "evaluation_seed": FRESH_SEED,
        "steps": json.dumps(steps),
        "optimizer": "AdamW, 0.05 decay, cosine",
        "cpu_minutes": round((time.process_time() - began) / 60, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": f"{data}, drawn from the seed",
    }


def _finish(
    folder: Path,
    model,
    processor: BlipProcessor,
    trainer: Trainer,
    recipe: dict,
    videos: int,
    *,
    title: str,
    text: str,
) -> dict:
    """Write everything that belongs to a checkpoint, and its checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    save_curve(folder, trainer.curve, title=title)
    if isinstance(model, BlipForQuestionAnswering):
        result = evaluate_frame_questions(
            BlipAnswerer(model, processor, model_id=f"shapes/{folder.name}"), videos=videos
        )
        figures, recipe = flat_figures(result), {**recipe, "evaluation_questions": result.n}
    else:
        figures = evaluate_captions(
            BlipCaptioner(model, processor, model_id=f"shapes/{folder.name}"), videos=videos
        )
    write_card(folder, title=title, text=text, metrics=recipe, figures=figures)
    write_checksums(folder)
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
