"""Two models whose truth is known, a thousand times -> how often the comparison cries wolf, how
often it sees.

A simulated video has a difficulty and a leaning towards one of the models, both shared by its
questions: the clustering that makes questions of one video poorer than independent ones. `python -m
experiments.comparison_simulation.run` prints and writes the figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from svqa.metrics.ab_testing import ABTest
from svqa.metrics.results import Figure
from svqa.metrics.statistics import ALPHA, compare_paired

LEVEL, DIFFICULTY, LEANING = (
    0.5,
    0.15,
    0.1,
)  # mean accuracy; spread over videos of difficulty and of the difference
GAP = 0.05  # the true difference of the power figures
QUESTIONS = (3, 8)  # a video has this many questions, the upper end left out


def simulate_questions(
    rng: np.random.Generator, *, videos: int, gap: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> right or wrong of A and of B, and the video, (N,) each; B is better by `gap` in truth.

    >>> a, b, video = simulate_questions(np.random.default_rng(0), videos=2000, gap=0.2)
    >>> round(float(b.mean() - a.mean()), 1)
    0.2
    """
    video = np.repeat(np.arange(videos), rng.integers(*QUESTIONS, size=videos))
    level = LEVEL + DIFFICULTY * rng.standard_normal(videos)
    leaning = gap + LEANING * rng.standard_normal(videos)
    right = [
        rng.random(len(video)) < np.clip(level + side * leaning / 2, 0, 1)[video]
        for side in (-1, 1)
    ]
    return right[0].astype(float), right[1].astype(float), video


def paired_verdicts(
    sets: int, *, videos: int, gap: float, seed: int = 0, draws: int = 2000
) -> dict[str, Figure]:
    """-> what shares of `sets` comparisons came out how; `by questions alone` is McNemar, which
    ignores videos.
    """
    found = []
    for i in range(sets):
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


def sequential_alarms(runs: int, *, videos: int, gap: float, seed: int = 0) -> dict[str, Figure]:
    """-> shares of `runs` A/B tests, read after every video: ever `decided`, and ever by a plain
    interval (`naive`).
    """
    decided, naive = [], []
    for i in range(runs):
        a, b, video = simulate_questions(
            np.random.default_rng([seed, 1, i]), videos=videos, gap=gap
        )
        test, terms = ABTest(f"simulated {seed} {i}"), []
        ever = {"decided": False, "naive": False}
        for v in range(videos):
            for q in np.flatnonzero(video == v):
                arm = test.arm(str(v), str(q))
                test.record(str(v), str(q), float((b if arm == "b" else a)[q]))
                terms.append((v, 2 * (b[q] - LEVEL) if arm == "b" else -2 * (a[q] - LEVEL)))
            ever["decided"] = ever["decided"] or test.read().decided
            ever["naive"] = ever["naive"] or (v >= 29 and _plain_interval_excludes_zero(terms))
        decided.append(ever["decided"])
        naive.append(ever["naive"])
    return {"decided": wilson(decided), "naive": wilson(naive)}


def wilson(hits: Sequence[bool]) -> Figure:
    """-> the share of hits with its 95 % score interval (Wilson 1927).

    >>> print(wilson([True] * 5 + [False] * 95))
    5.0 [2.2, 11.2] % (n = 100)
    """
    count = int(np.sum(hits))
    interval = stats.binomtest(count, len(hits)).proportion_ci(method="wilson")
    return Figure(count / len(hits), float(interval.low), float(interval.high), len(hits))


def run_simulation(
    *,
    sets: int = 1000,
    videos: int = 100,
    runs: int = 1000,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> dict:
    """-> JSON: the paired comparison and the A/B test, each for equal models and for a true
    difference of `GAP`.
    """
    world = {
        "level": LEVEL,
        "difficulty_sd": DIFFICULTY,
        "leaning_sd": LEANING,
        "gap": GAP,
        "questions": QUESTIONS,
    }
    out: dict = {"seed": seed, "videos": videos, "world": world}
    for name, gap in (("equal models", 0.0), (f"{GAP:g} better", GAP)):
        paired = paired_verdicts(sets, videos=videos, gap=gap, seed=seed)
        sequential = sequential_alarms(runs, videos=videos, gap=gap, seed=seed)
        for kind, found in (("paired", paired), ("sequential", sequential)):
            out.setdefault(kind, {})[name] = {
                what: figure.to_json() for what, figure in found.items()
            }
            for what, figure in found.items():
                say(f"{kind:11} {name:14} {what:26} {figure}")
    return out


def _plain_interval_excludes_zero(terms: Sequence[tuple[int, float]]) -> bool:
    index, values = np.array([v for v, _ in terms]), np.array([x for _, x in terms])
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    mean = sums.sum() / counts.sum()
    error = (sums - mean * counts).std(ddof=1) / counts.mean() / np.sqrt(len(sums))
    return bool(abs(mean) > 1.96 * error)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("experiments/comparison_simulation/result.json")
    )
    parser.add_argument("--sets", type=int, default=1000, help="simulated comparisons of each kind")
    given = parser.parse_args()
    found = run_simulation(sets=given.sets, runs=given.sets)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
