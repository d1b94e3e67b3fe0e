"""A simulated world of two models -> how often each comparison of them says what.

A simulated video has a difficulty and a difference between the models, both shared by its
questions: the clustering that makes questions of one video carry less information than independent
ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from experiments.command import counted
from svqa.metrics.ab_testing import ABTest
from svqa.metrics.results import Figure
from svqa.metrics.statistics import ALPHA, MARGIN, compare_paired
from svqa.records import Progress

LEVEL = 0.5  # mean accuracy
DIFFICULTY_SD, DIFFERENCE_SD = 0.15, 0.1  # over videos: of their difficulty, of the difference
QUESTIONS = (3, 7)  # least and most of a video
RARE = 0.05  # of the videos B answers all wrong, where A is right and they are alike elsewhere


def simulate_questions(
    rng: np.random.Generator, *, videos: int, gap: float = 0.0, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> right or wrong of A and of B, and the video, (N,) each; B is better by `gap` in truth.

    >>> a, b, video = simulate_questions(np.random.default_rng(0), videos=2000, gap=0.2)
    >>> round(float(b.mean() - a.mean()), 1)
    0.2
    """
    video = np.repeat(np.arange(videos), rng.integers(QUESTIONS[0], QUESTIONS[1] + 1, size=videos))
    # near 0 and 1 both spread less, so that their means stay what they are said to be
    room = min(1.0, 2 * min(level, 1 - level))
    level = level + room * DIFFICULTY_SD * rng.standard_normal(videos)
    difference = gap + room * DIFFERENCE_SD * rng.standard_normal(videos)
    right = [
        rng.random(len(video)) < np.clip(level + side * difference / 2, 0, 1)[video]
        for side in (-1, 1)
    ]
    return right[0].astype(float), right[1].astype(float), video


def paired_verdicts(
    sets: int,
    *,
    videos: int,
    gap: float,
    seed: int = 0,
    draws: int = 2000,
    progress: Progress | None = None,
) -> dict[str, Figure]:
    """-> shares of `sets` comparisons by verdict; `by questions alone` is McNemar's test."""
    found = []
    for i in counted(range(sets), "paired comparisons", progress):
        a, b, video = simulate_questions(np.random.default_rng([seed, i]), videos=videos, gap=gap)
        found.append(compare_paired(b, a, video, seed=i, draws=draws))
    better = [f.verdict == "better" for f in found]
    return {
        "called different": wilson(better),
        "by questions alone": wilson([f.mcnemar_p <= ALPHA for f in found]),
        "called equivalent": wilson([f.verdict == "equivalent" for f in found]),
        "wrong side": wilson([f.winner == "b" for f in found]),
        "interval holds the truth": wilson([f.low <= gap <= f.high for f in found]),
    }


def rare_differences(
    sets: int,
    *,
    videos: int,
    share: float = RARE,
    seed: int = 0,
    draws: int = 2000,
    progress: Progress | None = None,
) -> dict[str, Figure]:
    """-> shares of `sets` comparisons by verdict; A is better by `share`, all in so many videos.

    `by resampling alone`: how often the 90 % bootstrap interval alone would say equivalent.
    """
    found = []
    for i in counted(range(sets), "rare differences", progress):
        rng = np.random.default_rng([seed, 2, i])
        right, _, video = simulate_questions(rng, videos=videos)
        differs = rng.random(videos) < share
        a, b = np.where(differs[video], 1.0, right), np.where(differs[video], 0.0, right)
        comparison = compare_paired(a, b, video, seed=i, draws=draws)
        resampled = _resampled(a - b, video, rng, draws)
        low, high = np.percentile(resampled, [5, 95])
        found.append((comparison.verdict, low > -MARGIN and high < MARGIN))
    return {
        "called equivalent": wilson([verdict == "equivalent" for verdict, _ in found]),
        "by resampling alone": wilson([alone for _, alone in found]),
    }


def sequential_decisions(
    runs: int,
    *,
    videos: int,
    gap: float,
    seed: int = 0,
    share_b: float = 0.5,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> dict[str, Figure]:
    """-> shares of `runs` A/B tests ever `decided`, and ever by a fixed-n interval (`naive`).

    Both are read after every video, which the fixed-n interval is not made for. A test that was
    decided stays so, hence it is read once, at the end.
    """
    decided, naive = [], []
    for i in counted(range(runs), "A/B tests", progress):
        a, b, video = simulate_questions(
            np.random.default_rng([seed, 1, i]), videos=videos, gap=gap, level=level
        )
        test = ABTest(f"simulated {seed} {i}", share_b=share_b)
        for q, v in enumerate(video.tolist()):
            right = b if test.arm(str(v), str(q)) == "b" else a
            test.record(str(v), str(q), float(right[q]))
        units = test.units()
        decided.append(test.read().decided)
        naive.append(_fixed_n_interval_excludes_zero(units.sums, units.counts))
    return {"decided": wilson(decided), "naive": wilson(naive)}


def wilson(hits: Sequence[bool]) -> Figure:
    """-> the share of hits with its 95 % score interval (Wilson 1927).

    >>> print(wilson([True] * 5 + [False] * 95))
    5.0 [2.2, 11.2] % (n = 100)
    """
    count = int(np.sum(hits))
    interval = stats.binomtest(count, len(hits)).proportion_ci(method="wilson")
    return Figure(count / len(hits), float(interval.low), float(interval.high), len(hits))


def _resampled(
    differences: np.ndarray, video: np.ndarray, rng: np.random.Generator, draws: int
) -> np.ndarray:
    sums, counts = np.bincount(video, weights=differences), np.bincount(video)
    picks = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=draws)
    return (picks @ sums) / (picks @ counts)


def _fixed_n_interval_excludes_zero(sums: np.ndarray, counts: np.ndarray) -> bool:
    """Whether it does after any of the videos from the thirtieth on."""
    for n in range(30, len(sums) + 1):
        mean = sums[:n].sum() / counts[:n].sum()
        residuals = sums[:n] - mean * counts[:n]
        error = residuals.std(ddof=1) / counts[:n].mean() / np.sqrt(n)
        if abs(mean) > 1.96 * error:
            return True
    return False
