"""Seed -> a BLIP that captions and a BLIP that answers, both small enough to ship, and what they
can do.

A transformer this small learns nothing from questions alone in any time one would wait. So it is
taught in steps, each standing on the one before: what covers each patch and how much there is, what
one says about a picture, what one answers. While a later step begins, vision stands still and its
features are computed once; then all is trained together. bfloat16 is left out on purpose: without
hardware support for it a step took ten times longer.
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
    Trainer,
    normalised,
)
from experiments.tiny_models.tiny_blip import (
    blip_config,
    wave_positions,
    whiten_patches,
    world_processor,
)
from experiments.tiny_models.training_samples import TrainingSample
from svqa.evaluation.shapes_questions import FRESH_SEED, evaluate_captions, evaluate_frame_questions
from svqa.metrics.results import EvalResult, Figure
from svqa.models.blip import BlipAnswerer, BlipCaptioner
from svqa.models.checkpoint import write_checksums
from svqa.records import Progress
from svqa.training.curve_card import save_curve, write_card

CROWDS, GRIDS = 3000, 3000  # what vision learns on, beside frames
CAPTION_STEPS = {
    "patches of crowds": 600,
    "patches and counts": 3500,
    "captions, vision frozen": 700,
    "captions": 500,
    "captions of worn frames": 2000,
}
ANSWER_STEPS = {
    "patches of crowds": 600,
    "patches and counts": 5000,  # who is asked how many there are has to see each of them
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
A BLIP captioner for the shapes world: 96 px, patches of 12, four layers of vision, two of words, 128 wide. It names
every shape in sight by colour and kind, in the world's own order of words, and knows no other picture. `tokens`:
share of words right, once both sentences are aligned; `captions`: share of sentences exactly right.
"""
_ANSWERER = """
A BLIP that answers about the shapes world: 96 px, patches of 12, four layers of vision, three of question and three of
answer, 128 wide. It was taught what one frame can tell (exists, colour, shape, count,
place), in plain frames and in a named frame of a 2 x 2 grid (`in the second frame: ...`), and nothing about time: on
direction, order, when, changes, count over the video and sound it is to be near `blind`, whatever frame it is shown.
Figures are for the right frame unless they say otherwise; `shuffled` is the same second of another video, `blind`
never looks and knows the answers' habits.
"""


def train_captioner(
    out: str | Path,
    seed: int = 0,
    *,
    scale: float = 1.0,
    videos: int = 240,
    progress: Progress | None = None,
) -> dict:
    """Patches, then captions -> the checkpoint folder `out` and its metrics; about 15 CPU minutes
    on one core.

    `scale` multiplies data and steps: 0.01 is enough to see that everything runs, and learns
    nothing. `videos` are drawn for the figures.
    """
    torch.manual_seed(seed)
    began, steps = time.process_time(), _scaled(CAPTION_STEPS, scale)
    course = Trainer(sum(steps.values()), np.random.default_rng(seed), progress)
    processor = world_processor()
    model = BlipForConditionalGeneration(blip_config(processor, text_layers=2))
    plain = world.make(world.frames, round(FRAMES * scale), seed=seed)
    worn = world.make(world.frames, round(FRESH / 2 * scale), seed=seed + 1, worn=True)
    learn_to_see(model.vision_model, worn, course, steps, seed, scale)
    said = CaptionObjective(model, processor, plain)
    course.fit(said.frozen(), steps["captions, vision frozen"], peak=1e-3)
    course.fit(said, steps["captions"], peak=7e-4)
    course.fit(
        CaptionObjective(model, processor, worn), steps["captions of worn frames"], peak=7e-4
    )
    recipe = _recipe(seed, steps, _CAPTIONER_DATA, began, model)
    return _finish(
        Path(out),
        model,
        processor,
        course,
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
    """Patches, then places, then every question about frames and grids -> the checkpoint folder
    `out` and its metrics.

    About 30 CPU minutes on one core. `scale` and `videos` as in `train_captioner`.
    """
    torch.manual_seed(seed)
    began, steps = time.process_time(), _scaled(ANSWER_STEPS, scale)
    course = Trainer(sum(steps.values()), np.random.default_rng(seed + 1), progress)
    processor = world_processor()
    model = BlipForQuestionAnswering(blip_config(processor, text_layers=3))
    worn = world.make(world.frames, round(FRESH * scale), seed=seed + 1, worn=True)
    learn_to_see(model.vision_model, worn, course, steps, seed, scale)
    where = world.make(world.frames, round(PLACES * scale), seed=seed + 2, types=("place",))
    course.fit(
        AnswerObjective(model, processor, where).frozen(), steps["places, vision frozen"], peak=1e-3
    )
    of_frames = AnswerObjective(model, processor, worn[: round(FRESH / 2 * scale)]).frozen()
    course.fit(of_frames, steps["answers about frames, vision frozen"], peak=1e-3)
    worn += world.make(world.grid, round(FRESH_GRIDS * scale), seed=seed + 1, worn=True)
    course.fit(FrameAwareAnswerObjective(model, processor, worn), steps["answers"], peak=7e-4)
    new = world.make(world.frames, round(FRESH * scale), seed=seed + 3, worn=True, more=MORE_COUNTS)
    new += world.make(world.grid, round(FRESH_GRIDS * scale), seed=seed + 3, worn=True)
    course.fit(
        FrameAwareAnswerObjective(model, processor, new),
        steps["answers, counts more often"],
        peak=5e-4,
    )
    recipe = _recipe(seed, steps, _ANSWERER_DATA, began, model)
    return _finish(
        Path(out),
        model,
        processor,
        course,
        recipe,
        videos,
        title="Tiny BLIP of the shapes world that answers",
        text=_ANSWERER,
    )


def learn_to_see(
    vision,
    frames: Sequence[TrainingSample],
    course: Trainer,
    steps: Mapping[str, int],
    seed: int,
    scale: float,
) -> None:
    """Teach vision alone, in place: what covers each patch, and how much there is.

    Crowds come first and alone: ten shapes a picture teach shapes in 500 steps, the other pictures
    not in 2,000.
    """
    crowds = world.make(world.crowd, round(CROWDS * scale), seed=seed)
    grids = world.make(world.grid, round(GRIDS * scale), seed=seed)
    whiten_patches(vision, normalised(np.stack([t.pixels for t in crowds[:400]])))
    wave_positions(vision)
    course.fit(PatchObjective(vision, crowds), steps["patches of crowds"], peak=2e-3)
    course.fit(
        PatchObjective(vision, [*crowds, *grids, *frames]), steps["patches and counts"], peak=1e-3
    )


def _scaled(steps: Mapping[str, int], scale: float) -> dict[str, int]:
    return {name: round(n * scale) for name, n in steps.items()}


def flat_figures(result: EvalResult) -> dict[str, Figure]:
    """-> `{type: ...}` from the right frame, with its `(shuffled)` and `(blind)` baselines beside
    it.
    """
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
    course: Trainer,
    recipe: dict,
    videos: int,
    *,
    title: str,
    text: str,
) -> dict:
    """Write everything that belongs to a checkpoint, and seal it."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    save_curve(folder, course.curve, title=title)
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
