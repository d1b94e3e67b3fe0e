"""Simulated trainings -> how often their best checkpoint is promoted, equal to its base or better.

Without questions of its own `promote` judges a version on the questions that chose its checkpoint.
Here every checkpoint differs from the base and from the others by video, and answers anew: the
choice is then worth more than among the checkpoints of one real training, which are much alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.command import counted
from svqa.records import Progress
from svqa.training.promote import judge

EXAMS = (3, 10, 20)


def simulate_training(
    rng: np.random.Generator,
    *,
    videos: int,
    exams: int,
    gap: float,
    world: Mapping[str, float],
    questions: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> right or wrong of the base and of the best checkpoint, and the video, (N,) each.

    All `exams` checkpoints are better than the base by `gap` in truth; the one that is right most
    often about these questions is kept.
    """
    video = np.repeat(np.arange(videos), rng.integers(questions[0], questions[1] + 1, size=videos))
    base = world["level"] + world["difficulty_sd"] * rng.standard_normal(videos)
    apart = gap + world["difference_sd"] * rng.standard_normal((exams, videos))
    before = rng.random(len(video)) < np.clip(base, 0, 1)[video]
    after = rng.random((exams, len(video))) < np.clip(base + apart, 0, 1)[:, video]
    best = after[after.mean(axis=1).argmax()]
    return before.astype(float), best.astype(float), video


def promotions(
    sets: int,
    *,
    videos: int,
    exams: int,
    gap: float,
    world: Mapping[str, float],
    questions: tuple[int, int],
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[list[bool], list[bool]]:
    """-> of each training, whether it is promoted, and whether it were if no choice were known."""
    promoted, naive = [], []
    for i in counted(range(sets), "trainings", progress):
        before, best, video = simulate_training(
            np.random.default_rng([seed, 3, exams, i]),
            videos=videos,
            exams=exams,
            gap=gap,
            world=world,
            questions=questions,
        )
        promoted.append(judge(best, before, video, exams=exams)[1])
        naive.append(judge(best, before, video, exams=1)[1])
    return promoted, naive
