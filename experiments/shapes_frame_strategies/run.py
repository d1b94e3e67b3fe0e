"""Questions about shapes videos -> answers of one BLIP by three frame strategies, beside baselines.

The BLIP of the `shapes` set sees single pictures; a video reaches it as its best frame, as a vote
over frames, or as a grid of four frames in one picture. A question about one frame is given the
calm seconds it is about, as a retrieval that is right would give them; one that needs time, the
whole video. Either way thirteen frames, so that a grid of four is that of `svqa.training`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.command import (
    add_videos_and_seed,
    counted,
    percent,
    study_arguments,
    write_result,
)
from experiments.lora.task import KEPT, LEARNT
from svqa.cli.progress import progress_bars
from svqa.evaluation.shapes_questions import (
    TRAIN_SEED,
    TRAIN_VIDEOS,
    WIDTH_PX,
    FrameQuestion,
    draw_frame_questions,
)
from svqa.metrics.answers import exact_match
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups, figures_by_type
from svqa.models.blip import BlipAnswerer
from svqa.models.checkpoint import SHIPPED
from svqa.models.frame_strategies import FRAME_STRATEGIES
from svqa.records import Evidence, FrameBatch, Progress, Question
from svqa.shapes.balance import baselines
from svqa.shapes.one_frame_questions import FRAME_TYPES
from svqa.shapes.render import render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S

SEED = 90_721  # nothing was trained or chosen on it
FRAMES = 13  # every fourth, from the first, is the middle of one of four equal parts
PARTS = {"one frame": KEPT, "time": LEARNT}
STRATEGIES = {"best frame": "best", "vote": "vote", "grid": "grid"}
BASELINES = ("chance", "majority", "blind")
Given = tuple[Question, list[Evidence], FrameBatch]


def run_strategies(
    *, videos: int = 200, seed: int = SEED, progress: Progress | None = None
) -> EvalResult:
    """-> exact match of each strategy on both kinds of questions, by type beside the baselines."""
    asked = draw_asked(seed, videos=videos, types=(*KEPT, *LEARNT))
    inputs, right = given(asked, seed), {}
    for name, strategy in STRATEGIES.items():
        answerer = BlipAnswerer.from_pretrained(
            str(SHIPPED / "blip-vqa"), way=FRAME_STRATEGIES[strategy]
        )
        right[name] = np.array(
            [
                exact_match(answerer.answer(*one).text, a.question.answer)
                for one, a in counted(list(zip(inputs, asked, strict=True)), name, progress)
            ]
        )
    groups, types = np.array([a.video for a in asked]), np.array([a.question.type for a in asked])
    metrics = {
        f"{name}, {part}": bootstrap_over_groups(
            values[np.isin(types, kinds)], groups[np.isin(types, kinds)], seed
        )
        for name, values in right.items()
        for part, kinds in PARTS.items()
    }
    by_type: dict[str, dict[str, Figure]] = {}
    for name, values in right.items():
        for kind, figures in figures_by_type(values, groups, types, seed, metric=name).items():
            by_type.setdefault(kind, {}).update(figures)
    learnt = draw_asked(TRAIN_SEED, videos=TRAIN_VIDEOS, types=(*KEPT, *LEARNT))
    fingerprint = {
        "world": "shapes",
        "seed": seed,
        "videos": videos,
        "model": "shapes/blip-vqa",
        "baselines_seed": TRAIN_SEED,
    }
    return EvalResult(len(asked), metrics, by_type, _baselines(asked, learnt), fingerprint)


def draw_asked(seed: int, *, videos: int, types: Sequence[str]) -> list[FrameQuestion]:
    """One question of each of `types` that each of `videos` videos of `seed` allows, balanced."""
    scenes = [scene_of(seed, index) for index in range(videos)]
    return [a for a in draw_frame_questions(scenes, seed) if a.question.type in types]


def given(asked: Sequence[FrameQuestion], seed: int) -> list[Given]:
    """-> an input of a VQA model each: the question, no evidence, the frames it is about."""
    scenes = {a.video: scene_of(seed, a.video) for a in asked}
    return [
        (a.record(), [], render(scenes[a.video], frame_times(a), width_px=WIDTH_PX)) for a in asked
    ]


def frame_times(a: FrameQuestion) -> np.ndarray:
    """-> (13,) seconds, evenly over the middle three quarters of what a question is about."""
    start_s, end_s = a.question.spans[0] if a.question.type in FRAME_TYPES else (0.0, DURATION_S)
    return start_s + (end_s - start_s) * np.linspace(1 / 8, 7 / 8, FRAMES)


def question_only_baseline(
    asked: Sequence[FrameQuestion], *, learnt: Sequence[FrameQuestion]
) -> dict[str, float]:
    """-> the best accuracy by type that is reached without the video.

    By chance, by the commonest answer, or by the answer prior of the questions `learnt`.
    """
    found = baselines([a.question for a in learnt], [a.question for a in asked])
    return {kind: max(row[name] for name in BASELINES) for kind, row in found.items()}


def _baselines(
    asked: Sequence[FrameQuestion], learnt: Sequence[FrameQuestion]
) -> dict[str, dict[str, Figure]]:
    """By baseline, then by type; intervals by the normal approximation."""
    found: dict[str, dict[str, Figure]] = {name: {} for name in BASELINES}
    rows = baselines([a.question for a in learnt], [a.question for a in asked])
    for kind, row in rows.items():
        for name in BASELINES:
            half = 1.96 * (row[name] * (1 - row[name]) / row["n"]) ** 0.5
            low, high = max(0.0, row[name] - half), min(1.0, row[name] + half)
            found[name][kind] = Figure(row[name], low, high, int(row["n"]))
    return found


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    said = {
        part: ", ".join(
            f"{percent(result[f'{name}, {part}'])} by the {name}" for name in STRATEGIES
        )
        for part in PARTS
    }
    return (
        f"Of questions about one frame the model answers {said['one frame']} right; of questions "
        f"about time, for which it was not trained, {said['time']}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=200, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    options = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_strategies(videos=options.videos, seed=options.seed, progress=progress)
    write_result(result, options.out, finding)


if __name__ == "__main__":
    main()
