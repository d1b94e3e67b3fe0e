"""Simulated models of known accuracy -> false-positive rate and power of the comparisons.

Two comparisons: the paired one of `svqa compare`, from three videos to hundreds, and the A/B test
that is read after every video, also where one arm is rare and both models are nearly always right.
Equivalence is tried where it is hardest: models alike but for rare videos. And `svqa models
promote`, where the questions that chose a checkpoint also judge it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.command import percent, study_arguments, write_result
from experiments.comparison_simulation.comparisons import (
    DIFFERENCE_SD,
    DIFFICULTY_SD,
    LEVEL,
    QUESTIONS,
    RARE,
    paired_verdicts,
    rare_differences,
    sequential_decisions,
    wilson,
)
from experiments.comparison_simulation.promotion import EXAMS, promotions
from svqa.cli.progress import progress_bars
from svqa.metrics.results import Figure
from svqa.metrics.statistics import MARGIN
from svqa.records import Progress

GAP = 0.05  # the true difference of the power figures
COVERED = (3, 5, 8, 12, 20, 50, 300)  # videos of the comparisons whose intervals are checked
RARE_AT = (5, 20, 50, 100, 300)  # videos
RARER, RARER_AT = 0.04, (5, 20)  # the same, four points apart
GAINS = (0.05, 0.1)  # by how much a version is better than its base in truth
WORLD: dict[str, Any] = {
    "level": LEVEL,
    "difficulty_sd": DIFFICULTY_SD,
    "difference_sd": DIFFERENCE_SD,
    "gap": GAP,
    "questions": QUESTIONS,
    "rare": RARE,
    "rarer": RARER,
    "margin": MARGIN,
}
SHARES, LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9), (0.5, 0.97)  # of arm B, and mean accuracies


def run_simulation(
    *,
    sets: int = 1000,
    videos: int = 100,
    runs: int = 1000,
    seed: int = 0,
    parts: Sequence[str] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """-> JSON of the `parts` (`PARTS`; none named: all), and of the world they are drawn in."""
    out: dict[str, Any] = {"seed": seed, "videos": videos, "world": WORLD}
    given = {"sets": sets, "videos": videos, "runs": runs, "seed": seed, "progress": progress}
    for part in parts or PARTS:
        out |= PARTS[part](**given)
    return out


def _two_worlds(*, sets: int, videos: int, runs: int, **few: Any) -> dict[str, Any]:
    """Both comparisons, for equal models and for a true difference of `GAP`."""
    out: dict[str, Any] = {"paired": {}, "sequential": {}}
    for name, gap in (("equal models", 0.0), (f"{GAP:g} better", GAP)):
        same: dict[str, Any] = {"videos": videos, "gap": gap, **few}
        out["paired"][name] = _to_json(paired_verdicts(sets, **same))
        out["sequential"][name] = _to_json(sequential_decisions(runs, **same))
    return out


def _coverage(*, sets: int, videos: int, runs: int, **few: Any) -> dict[str, Any]:
    found = {n: paired_verdicts(sets, videos=n, gap=0.0, draws=1000, **few) for n in COVERED}
    return {"coverage": {str(n): _to_json(of) for n, of in found.items()}}


def _rare(*, sets: int, videos: int, runs: int, **few: Any) -> dict[str, Any]:
    """By how many points they differ, in so many of the videos -> by number of videos."""
    return {
        name: {
            str(n): _to_json(rare_differences(sets, videos=n, share=share, draws=1000, **few))
            for n in at
        }
        for name, share, at in (("rare", RARE, RARE_AT), ("rarer", RARER, RARER_AT))
    }


def _arms(*, sets: int, videos: int, runs: int, **few: Any) -> dict[str, Any]:
    half = -(-runs // 2)
    return {
        "arms": [
            {"share_b": share, "level": level}
            | _to_json(
                sequential_decisions(
                    half, videos=3 * videos, gap=0.0, share_b=share, level=level, **few
                )
            )
            for share in SHARES
            for level in LEVELS
        ]
    }


def _promotion(*, sets: int, videos: int, runs: int, **few: Any) -> dict[str, Any]:
    """The best of several checkpoints, equal to its base and better by `GAIN`s."""
    rows = []
    for gap in (0.0, *GAINS):
        for exams in EXAMS:
            promoted, naive = promotions(
                -(-sets // 2),
                videos=videos,
                exams=exams,
                gap=gap,
                world=WORLD,
                questions=QUESTIONS,
                **few,
            )
            shares = {"promoted": wilson(promoted), "without correction": wilson(naive)}
            rows.append({"exams": exams, "gap": gap, **_to_json(shares)})
    return {"promotion": rows}


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "two-worlds": _two_worlds,
    "coverage": _coverage,
    "rare": _rare,
    "arms": _arms,
    "promotion": _promotion,
}


def _to_json(found: Mapping[str, Figure]) -> dict[str, Any]:
    return {what: figure.to_json() for what, figure in found.items()}


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    paired, better = result["paired"], f"{result['world']['gap']:g} better"
    sequential = result["sequential"]["equal models"]
    covered = [
        result["coverage"][str(n)]["interval holds the truth"]["value"] for n in COVERED if n <= 12
    ]
    rare = [
        row["called equivalent"]["value"]
        for kind in ("rare", "rarer")
        for row in result[kind].values()
    ]
    equal = [row["promoted"] for row in result["promotion"] if row["gap"] == 0]
    alarms = max(equal, key=lambda figure: figure["value"])
    seen = {row["exams"]: row["promoted"] for row in result["promotion"] if row["gap"] == GAINS[-1]}
    arms = [row["decided"]["value"] for row in result["arms"]]
    return (
        f"False-positive rate of the paired comparison on {result['videos']} videos: "
        f"{percent(paired['equal models']['called different'])}; its power for a difference of "
        f"{100 * result['world']['gap']:g} points: {percent(paired[better]['called different'])}; "
        f"the A/B test read after every video decides wrongly in {percent(sequential['decided'])}, "
        f"a fixed-n interval in {percent(sequential['naive'])}. Intervals of 3 to 12 videos hold "
        f"the truth in {min(covered):.0%} or more; models that differ in rare videos are called "
        f"equivalent in {max(rare):.1%} at most, equal arms of any share different in "
        f"{max(arms):.1%} at most. `promote`, judging on the questions that chose the checkpoint, "
        f"takes a version equal to its base in {percent(alarms)} at most of {min(EXAMS)} to "
        f"{max(EXAMS)} exams, one that is {100 * GAINS[-1]:g} points better in "
        f"{percent(seen[min(EXAMS)])} to {percent(seen[max(EXAMS)])}."
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
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(PARTS),
        metavar="PART",
        default=[],
        help=f"simulate these alone and keep the rest of --out: {', '.join(PARTS)}",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_simulation(
            sets=given.sets, runs=given.sets, parts=given.only, progress=progress
        )
    if given.only:
        result = json.loads(given.out.read_text(encoding="utf-8")) | result
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
