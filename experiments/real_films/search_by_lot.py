"""Real films asked with a search that draws lots -> what the search is worth for these answers.

Whatever `ask` searches for, the moments come back in an order that is drawn, with scores that are
drawn: hits, scenes, frames, and the scores over time by which the seconds of a question ("after the
ball falls") are found. All the rest is as it was: what is written, said, read and seen in a film,
and the answerer that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import svqa.pipeline.ask as asking
from experiments.command import counted
from experiments.real_films.outcomes import OUTCOMES, outcome_of, seconds_found, values_of
from experiments.several_runs import figure_of_runs
from svqa.pipeline import frame_selection, question_evidence
from svqa.pipeline.library import Library
from svqa.records import Answer, Evidence, Progress

SEEDS = tuple(range(10))
EVERY = 10_000  # moments of a film: all of them are drawn from


@contextmanager
def drawn_search(seed: int) -> Iterator[None]:
    """While it lasts, `ask` of this process finds moments by lot."""
    rng = np.random.default_rng(seed)
    search, scores_over_time = asking.search, asking.scores_over_time

    def by_lot(*given: Any, k: int, **options: Any) -> list[Evidence]:
        found = search(*given, k=EVERY, **options)
        drawn = [
            replace(moment, score=float(score), parts={})
            for moment, score in zip(found, rng.random(len(found)), strict=True)
        ]
        return sorted(drawn, key=lambda e: -e.score)[:k]

    def scores_by_lot(*given: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
        starts_s, scores = scores_over_time(*given, **options)
        return starts_s, rng.standard_normal(len(scores))

    modules = (asking, question_evidence, frame_selection)
    try:
        for module in modules:
            module.search = by_lot  # type: ignore[attr-defined]
        asking.scores_over_time = scores_by_lot
        yield
    finally:
        for module in modules:
            module.search = search  # type: ignore[attr-defined]
        asking.scores_over_time = scores_over_time


def answers_of(
    library: Library,
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    progress: Progress | None = None,
) -> list[Answer]:
    """Each question asked about its film, which is named from `folder`."""
    return [
        library.ask(row["question"], video=str(folder / row["video"]))
        for row in counted(rows, "questions", progress)
    ]


def run_by_lot(
    library: Library,
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    *,
    seeds: Sequence[int] = SEEDS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """-> shares by lot, the mean of the seeds, and the paired difference of the search from them.

    `seconds`: of the questions with known seconds, those that are answered rightly with first
    evidence in them. `changed`: answers that read otherwise. Intervals are over films and seeds.
    """
    real = answers_of(library, rows, folder, progress)
    drawn = []
    for seed in seeds:
        with drawn_search(seed):
            drawn.append(answers_of(library, rows, folder, progress))
    films = [row["video"] for row in rows]
    spans = [i for i, row in enumerate(rows) if row.get("spans")]
    of_search, by_lot = _values(rows, real), [_values(rows, said) for said in drawn]
    found: dict[str, Any] = {"seeds": list(seeds), "by_lot": {}, "search": {}, "difference": {}}
    for name in (*OUTCOMES, "net", "seconds"):
        asked = spans if name == "seconds" else list(range(len(rows)))
        groups = [films[i] for i in asked]
        least = -1 if name == "net" else 0
        mine = of_search[name][asked]
        lots = np.stack([values[name][asked] for values in by_lot])
        found["by_lot"][name] = figure_of_runs(lots, groups, 0, bounds=(least, 1)).to_json()
        found["search"][name] = {"value": round(float(mine.mean()), 6), "n": len(asked)}
        apart = figure_of_runs((mine - lots) / (1 - least), groups, 0, bounds=(-1, 1))
        found["difference"][name] = {
            key: value if key == "n" else round((1 - least) * value, 6)
            for key, value in apart.to_json().items()
        }
    changed = [[a.text != b.text for a, b in zip(real, said, strict=True)] for said in drawn]
    found["changed"] = figure_of_runs(np.array(changed, float), films, 0, bounds=(0, 1)).to_json()
    return found


def _values(rows: Sequence[Mapping[str, Any]], answers: Sequence[Answer]) -> dict[str, np.ndarray]:
    outcomes = [
        outcome_of(row, answer.text, abstained=answer.abstained)
        for row, answer in zip(rows, answers, strict=True)
    ]
    values = values_of(outcomes)
    placed = [bool(seconds_found(row, a)) for row, a in zip(rows, answers, strict=True)]
    return {**values, "seconds": values["right"] * np.array(placed, float)}
