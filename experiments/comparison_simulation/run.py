"""Simulated models of known accuracy -> false-positive rate and power of the comparisons.

Two comparisons: the paired one of `svqa compare`, and the A/B test that is read after every video.
A simulated video has a difficulty and a difference between the models, both shared by its
questions: the clustering that makes questions of one video carry less information than independent
ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from experiments.command import counted, percent, study_arguments, write_result
from svqa.cli.progress import progress_bars
from svqa.metrics.ab_testing import ABTest
from svqa.metrics.results import Figure
from svqa.metrics.statistics import ALPHA, compare_paired
from svqa.records import Progress

LEVEL = 0.5  # mean accuracy
DIFFICULTY_SD, DIFFERENCE_SD = 0.15, 0.1  # over videos: of their difficulty, of the difference
GAP = 0.05  # the true difference of the power figures
QUESTIONS = (3, 7)  # least and most of a video


def simulate_questions(
    rng: np.random.Generator, *, videos: int, gap: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> right or wrong of A and of B, and the video, (N,) each; B is better by `gap` in truth.

    >>> a, b, video = simulate_questions(np.random.default_rng(0), videos=2000, gap=0.2)
    >>> round(float(b.mean() - a.mean()), 1)
    0.2
    """
    video = np.repeat(np.arange(videos), rng.integers(QUESTIONS[0], QUESTIONS[1] + 1, size=videos))
    level = LEVEL + DIFFICULTY_SD * rng.standard_normal(videos)
    difference = gap + DIFFERENCE_SD * rng.standard_normal(videos)
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


def sequential_decisions(
    runs: int, *, videos: int, gap: float, seed: int = 0, progress: Progress | None = None
) -> dict[str, Figure]:
    """-> shares of `runs` A/B tests ever `decided`, and ever by a fixed-n interval (`naive`).

    Both are read after every video, which the fixed-n interval is not made for.
    """
    decided, naive = [], []
    for i in counted(range(runs), "A/B tests", progress):
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
            ever["naive"] = ever["naive"] or (v >= 29 and _fixed_n_interval_excludes_zero(terms))
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
    progress: Progress | None = None,
) -> dict[str, Any]:
    """-> JSON of both comparisons, for equal models and for a true difference of `GAP`."""
    world = {
        "level": LEVEL,
        "difficulty_sd": DIFFICULTY_SD,
        "difference_sd": DIFFERENCE_SD,
        "gap": GAP,
        "questions": QUESTIONS,
    }
    out: dict = {"seed": seed, "videos": videos, "world": world}
    for name, gap in (("equal models", 0.0), (f"{GAP:g} better", GAP)):
        same: dict[str, Any] = {"videos": videos, "gap": gap, "seed": seed, "progress": progress}
        paired, sequential = paired_verdicts(sets, **same), sequential_decisions(runs, **same)
        for kind, found in (("paired", paired), ("sequential", sequential)):
            out.setdefault(kind, {})[name] = {
                what: figure.to_json() for what, figure in found.items()
            }
    return out


def _fixed_n_interval_excludes_zero(terms: Sequence[tuple[int, float]]) -> bool:
    index, values = np.array([v for v, _ in terms]), np.array([x for _, x in terms])
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    mean = sums.sum() / counts.sum()
    error = (sums - mean * counts).std(ddof=1) / counts.mean() / np.sqrt(len(sums))
    return bool(abs(mean) > 1.96 * error)


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    paired, better = result["paired"], f"{result['world']['gap']:g} better"
    sequential = result["sequential"]["equal models"]
    return (
        f"False-positive rate of the paired comparison on {result['videos']} videos: "
        f"{percent(paired['equal models']['called different'])}; its power for a difference of "
        f"{100 * result['world']['gap']:g} points: {percent(paired[better]['called different'])}; "
        f"the A/B test read after every video decides wrongly in {percent(sequential['decided'])}, "
        f"a fixed-n interval in {percent(sequential['naive'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--sets",
        type=int,
        default=1000,
        help="simulated comparisons of each kind (default: %(default)s)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_simulation(sets=given.sets, runs=given.sets, progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
