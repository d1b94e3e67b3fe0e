"""NExT-GQA questions -> one row a method, from single frames to everything, nulls included -> JSON.

    python -m experiments.nextgqa_ablation.run ANNOTATIONS SPANS CAPTIONS --out experiments/nextgqa_ablation/result.json
    python -m experiments.nextgqa_ablation.run ANNOTATIONS SPANS CAPTIONS --fit svqa/temporal/prior.json

Every row is measured in 5 folds by video; table and weights are learnt on the other folds. The
"only" rows have no table: every position and length is as likely as any other. The second form fits
the table the package ships, on all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from svqa.evaluation.nextgqa import figures, paired
from svqa.evaluation.nextgqa_data import GroundingQuestion, gather, read_grounding_questions
from svqa.evaluation.nextgqa_fit import choose_weights, fitted_priors, fold_of, values_of
from svqa.evaluation.nextqa import read_captions
from svqa.records import VectorSet
from svqa.temporal.hierarchy import levels_of
from svqa.temporal.moments import content_scores, standard
from svqa.temporal.prior import LENGTH_EDGES_S, Prior, save_prior
from svqa.temporal.rerank import coherence
from svqa.temporal.windows import slide_mean

SMOOTH_S = 3.0
FOLDS = 5


def flat_table(asked: Sequence[GroundingQuestion]) -> Prior:
    """The prior that knows nothing: nine positions times six lengths, all alike, whatever was
    asked.
    """
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 9), (1.5, *LENGTH_EDGES_S)), axis=-1).reshape(
        -1, 2
    )
    return Prior(grid, {("-", "-"): np.ones(len(grid))})


def smoothed(a: GroundingQuestion) -> np.ndarray:
    """Content after a mean over 3 s windows."""
    return standard(slide_mean(a.content[:, None], a.t_s, window_s=SMOOTH_S)[:, 0])


def hierarchical(a: GroundingQuestion) -> np.ndarray:
    """Each second's own cosine, its 5 s segment's and its 30 s scene's, in equal parts; words as
    before.
    """
    segments, scenes = levels_of(a.frames, float(a.frames.spans[-1, 1]))
    levels = [a.cosines] + [(v.values @ a.vector)[_owner(a.t_s, v)] for v in (segments, scenes)]
    return content_scores(sum(standard(c) for c in levels), a.words)


def coherent(a: GroundingQuestion) -> np.ndarray:
    """Content with what its neighbours in time lend it, as `rerank_with_temporal_coherence` weighs
    it.
    """
    return standard(0.8 * a.content + 0.2 * standard(coherence(a.content, a.t_s)))


def ablation(asked: Sequence[GroundingQuestion], *, seed: int = 0) -> dict:
    """-> {"n", "folds", "seed", "rows": [{"method", metric: figure, "iou_above_question_words",
    ...}]}.
    """
    meaning, words = [standard(a.cosines) for a in asked], [standard(a.words) for a in asked]
    both, nothing = [a.content for a in asked], [np.zeros(len(a.t_s)) for a in asked]
    smooth, levels, near = ([f(a) for a in asked] for f in (smoothed, hierarchical, coherent))
    rng = np.random.default_rng(seed)
    plan = [
        ("frame only, meaning", flat_table, meaning),
        ("frame only, words", flat_table, words),
        ("frame only, meaning + words", flat_table, both),
        ("smoothing only (3 s)", flat_table, smooth),
        ("hierarchy only (frame + 5 s + 30 s)", flat_table, levels),
        ("question words alone", None, nothing),
        ("question words + meaning", None, meaning),
        ("question words + meaning + words (the method)", None, both),
        ("the method + smoothing", None, smooth),
        ("the method + hierarchy", None, levels),
        ("the method + coherence", None, near),
        ("the method at shuffled times", None, [rng.permutation(b) for b in both]),
    ]
    values = {}
    for name, table, scores in plan:
        print(name, file=sys.stderr, flush=True)
        priors = fitted_priors(asked, FOLDS, seed, scores, table)
        values[name] = [
            values_of(a, priors[i], s) for i, (a, s) in enumerate(zip(asked, scores, strict=True))
        ]
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
            ("frame only, meaning + words", "frame_only"),
        ):
            for metric in ("iou", "hit_at_1"):
                row[f"{metric}_above_{label}"] = paired(
                    mine, values[other], metric, videos, seed
                ).to_json()
        rows.append(row)
    return rows


def _owner(t_s: np.ndarray, vectors: VectorSet) -> np.ndarray:
    return np.searchsorted(vectors.spans[:, 0], t_s + 1e-6, side="right") - 1


def main() -> None:
    """The command line of this module."""
    from svqa.evaluation.nextqa_vectors import sentence_encoder

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("annotations", "spans", "captions"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--out", type=Path, help="write the ablation here as JSON")
    parser.add_argument("--fit", type=Path, help="write the table fitted on all questions here")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not (given.out or given.fit):
        parser.error("nothing to do: give --out FILE, --fit FILE or both")
    questions, durations_s = read_grounding_questions(given.annotations, given.spans)
    asked = gather(questions, durations_s, read_captions(given.captions), sentence_encoder())
    if given.fit:
        sums = {
            f"{name}_sha256": hashlib.sha256(getattr(given, name).read_bytes()).hexdigest()
            for name in ("annotations", "spans")
        }
        save_prior(fit_shipped(asked, seed=given.seed, **sums), given.fit)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(
            json.dumps(ablation(asked, seed=given.seed), indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
