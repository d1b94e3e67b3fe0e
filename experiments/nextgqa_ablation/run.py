"""NExT-GQA questions -> one row a method, from single frames to everything, with null rows.

Every row is measured in 5 folds by video; table and weights are learnt on the other folds. The
"only" rows have no table: every position and length is as likely as any other. With `--fit` the
table that the package ships is fitted on all questions instead.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import (
    CAPTIONED,
    add_nextqa_files,
    counted,
    percent,
    points,
    study_arguments,
    write_result,
)
from experiments.nextgqa_ablation.length_evidence import values_by_length
from svqa.cli.progress import progress_bars
from svqa.evaluation.nextgqa import figures, paired, spans_without_a_look
from svqa.evaluation.nextgqa_data import GroundingQuestion, gather, read_grounding_questions
from svqa.evaluation.nextgqa_fit import choose_weights, fitted_priors, fold_of, values_of
from svqa.evaluation.nextqa import read_captions
from svqa.evaluation.nextqa_vectors import sentence_encoder
from svqa.records import Progress, VectorSet
from svqa.temporal.hierarchy import levels_of
from svqa.temporal.moments import content_scores, standard
from svqa.temporal.prior import LENGTH_EDGES_S, Prior, save_prior
from svqa.temporal.rerank import coherence
from svqa.temporal.windows import slide_mean

SMOOTH_S = 3.0
FOLDS = 5
METHOD = "question words + meaning + words (the method)"
BY_LENGTH = "the method, content times (length / 6 s) ^ 0.5"
FRAME_ONLY = "frame only, meaning + words"
RANDOM, WHOLE = "random span", "whole video"  # neither film nor question is looked at


def flat_table(asked: Sequence[GroundingQuestion]) -> Prior:
    """The uniform prior: nine positions times six lengths, all alike, whatever was asked."""
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 9), (1.5, *LENGTH_EDGES_S)), axis=-1).reshape(
        -1, 2
    )
    return Prior(grid, {("-", "-"): np.ones(len(grid))})


def smoothed(a: GroundingQuestion) -> np.ndarray:
    """Content after a mean over 3 s windows."""
    return standard(slide_mean(a.content[:, None], a.t_s, window_s=SMOOTH_S)[:, 0])


def hierarchical(a: GroundingQuestion) -> np.ndarray:
    """Cosines of each second, its 5 s segment and its 30 s scene in equal parts; words alike."""
    segments, scenes = levels_of(a.frames, float(a.frames.spans[-1, 1]))
    levels = [a.cosines] + [(v.values @ a.vector)[_owner(a.t_s, v)] for v in (segments, scenes)]
    return content_scores(sum(standard(c) for c in levels), a.words)


def coherent(a: GroundingQuestion) -> np.ndarray:
    """Content with its neighbours in time, weighed as `rerank_with_temporal_coherence` does."""
    return standard(0.8 * a.content + 0.2 * standard(coherence(a.content, a.t_s)))


def ablation(
    asked: Sequence[GroundingQuestion], *, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """-> `{"n", "folds", "seed", "rows": [{"method", metric: figure, ...}]}`."""
    meaning, words = [standard(a.cosines) for a in asked], [standard(a.words) for a in asked]
    both, nothing = [a.content for a in asked], [np.zeros(len(a.t_s)) for a in asked]
    smooth, levels, near = ([f(a) for a in asked] for f in (smoothed, hierarchical, coherent))
    rng = np.random.default_rng(seed)
    plan = [
        ("frame only, meaning", flat_table, meaning),
        ("frame only, words", flat_table, words),
        (FRAME_ONLY, flat_table, both),
        ("smoothing only (3 s)", flat_table, smooth),
        ("hierarchy only (frame + 5 s + 30 s)", flat_table, levels),
        ("question words alone", None, nothing),
        ("question words + meaning", None, meaning),
        (METHOD, None, both),
        ("the method + smoothing", None, smooth),
        ("the method + hierarchy", None, levels),
        ("the method + coherence", None, near),
        ("the method at shuffled times", None, [rng.permutation(b) for b in both]),
    ]
    values = {}
    for name, table, scores in counted(plan, "methods", progress):
        priors = fitted_priors(asked, FOLDS, seed, scores, table)
        values[name] = [
            values_of(a, priors[i], s) for i, (a, s) in enumerate(zip(asked, scores, strict=True))
        ]
    blind = spans_without_a_look(asked, rng)
    values |= {RANDOM: blind["random"], WHOLE: blind["whole video"]}
    by_length = values_by_length(asked, FOLDS, seed)  # of spans; frames are ranked as before
    values[BY_LENGTH] = [m | v for m, v in zip(values[METHOD], by_length, strict=True)]
    return {"n": len(asked), "folds": FOLDS, "seed": seed, "rows": _rows(asked, values, seed)}


def fit_shipped(
    asked: Sequence[GroundingQuestion], *, seed: int = 0, **provenance: object
) -> Prior:
    """The table on all questions, its two weights chosen in 5 folds by video."""
    chosen = choose_weights(asked, [a.content for a in asked], fold_of(asked, FOLDS, seed))
    source = (
        f"NExT-GQA, {len(asked)} questions on {len({a.question.video for a in asked})} "
        "videos (MIT licence)"
    )
    return replace(chosen, provenance={"fitted on": source, "seed": seed, **provenance})


def _rows(asked: Sequence[GroundingQuestion], values: dict, seed: int) -> list[dict]:
    videos, rows = [a.question.video for a in asked], []
    for name, mine in values.items():
        row = {"method": name, **{k: f.to_json() for k, f in figures(mine, videos, seed).items()}}
        for other, label in (
            ("question words alone", "question_words"),
            (FRAME_ONLY, "frame_only"),
            (METHOD, "the_method"),
        ):
            for metric in ("iou", "hit_at_1"):
                if metric not in row:  # all of a video ranks no frames
                    continue
                row[f"{metric}_above_{label}"] = paired(
                    mine, values[other], metric, videos, seed
                ).to_json()
        rows.append(row)
    return rows


def _owner(t_s: np.ndarray, vectors: VectorSet) -> np.ndarray:
    return np.searchsorted(vectors.spans[:, 0], t_s + 1e-6, side="right") - 1


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    rows = {row["method"]: row for row in result["rows"]}
    row, by_length = rows[METHOD], rows[BY_LENGTH]
    floors = " and ".join(f"{name} {percent(rows[name]['iou'])}" for name in (WHOLE, RANDOM))
    return (
        f"The method's span overlaps the marked one with mIoU {percent(row['iou'])} over "
        f"{result['n']} questions ({floors}), {points(row['iou_above_question_words'])} above the "
        f"question words alone and {points(row['iou_above_frame_only'])} above single frames, "
        f"{CAPTIONED}. Content times (length / 6 s) ^ 0.5 gives "
        f"{points(by_length['iou_above_the_method'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_nextqa_files(parser, "annotations", "spans", "captions")
    parser.add_argument(
        "--fit",
        type=Path,
        metavar="FILE",
        help="fit the table on all questions and write it here, instead of measuring",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of folds and intervals (default: %(default)s)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write, or fit."""
    given = arguments().parse_args(argv)
    questions, durations_s = read_grounding_questions(given.annotations, given.spans)
    asked = gather(questions, durations_s, read_captions(given.captions), sentence_encoder())
    if given.fit:
        sums = {
            f"{name}_sha256": hashlib.sha256(getattr(given, name).read_bytes()).hexdigest()
            for name in ("annotations", "spans")
        }
        save_prior(fit_shipped(asked, seed=given.seed, **sums), given.fit)
        return
    with progress_bars() as progress:
        result = ablation(asked, seed=given.seed, progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
