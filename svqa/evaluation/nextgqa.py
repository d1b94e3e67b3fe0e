"""NExT-GQA: captions with their seconds -> the span that answers -> mIoU, IoP, hit@1.

Every figure stands beside its baselines.

Xiao et al. 2024, arXiv:2309.01327. Only the question's text is used, never its options or its
answer. Captions go through the sentence encoder, BM25 and `svqa.temporal` exactly as a video's own
captions do.

With `folds` everything learnt is learnt on the other folds' videos (`nextgqa_fit.py`). Without, the
table shipped with the package is used; on the videos it was fitted on those figures are in-sample,
and the fingerprint says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from svqa.evaluation.nextgqa_data import GroundingQuestion, gather, read_grounding_questions
from svqa.evaluation.nextgqa_fit import fitted_priors, values_of
from svqa.evaluation.nextqa import read_captions
from svqa.metrics.grounding import grounding_values, ranking_values
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups
from svqa.models.base import TextEncoder
from svqa.temporal.moments import candidate_spans
from svqa.temporal.prior import Prior, load_prior

Rows = Sequence[Mapping[str, float]]


def run_nextgqa(
    annotations: str | Path,
    spans: str | Path,
    captions: str | Path,
    *,
    sentences: TextEncoder,
    folds: int | None = None,
    seed: int = 0,
    chosen: Mapping[str, int] | None = None,
) -> EvalResult:
    """-> figures over all questions and by type, beside their baselines.

    Baselines: random, whole video, question words, shuffled time.

    Values are fractions, `iou` is the published mIoU, `iou_above_question_words` its paired
    difference to that baseline. `chosen` {question id: option index}: an answerer's picks, adds
    `acc_gqa`: right answer and IoP >= 0.5.
    """
    questions, durations_s = read_grounding_questions(annotations, spans)
    asked = gather(questions, durations_s, read_captions(captions), sentences)
    priors = (
        fitted_priors(asked, folds, seed)
        if folds
        else dict.fromkeys(range(len(asked)), load_prior())
    )
    rows = [values_of(a, priors[i], a.content) for i, a in enumerate(asked)]
    if chosen is not None:
        for row, a in zip(rows, asked, strict=True):
            right = a.question.options[chosen[a.question.id]] == a.question.answers[0]
            row["acc_gqa"] = float(right and row["iop"] >= 0.5)
    baselines = baseline_rows(asked, priors, seed)
    videos = [a.question.video for a in asked]
    metrics = {
        **figures(rows, videos, seed),
        "iou_above_question_words": paired(rows, baselines["question words"], "iou", videos, seed),
    }
    kinds = np.array([a.question.type for a in asked])
    by_type = {
        str(k): figures(
            [rows[i] for i in np.flatnonzero(kinds == k)],
            [videos[i] for i in np.flatnonzero(kinds == k)],
            seed,
        )
        for k in sorted(set(kinds))
    }
    per_question = tuple(
        {"id": a.question.id, "video": a.question.video, "type": a.question.type, **row}
        for a, row in zip(asked, rows, strict=True)
    )
    fingerprint = _fingerprint((annotations, spans, captions), sentences.model_id, folds, seed)
    return EvalResult(
        len(rows),
        metrics,
        by_type,
        {n: figures(r, videos, seed) for n, r in baselines.items()},
        fingerprint,
        per_question,
    )


def baseline_rows(
    asked: Sequence[GroundingQuestion], priors: Mapping[int, Prior], seed: int
) -> dict[str, list[dict[str, float]]]:
    """What needs no look at the video.

    A random span, all of it, the question's words, captions at shuffled times.
    """
    rng = np.random.default_rng(seed)
    blind = spans_without_a_look(asked, rng)
    said, shuffled = [], []
    for i, a in enumerate(asked):
        said.append(values_of(a, priors[i], np.zeros(len(a.t_s))))
        shuffled.append(values_of(a, priors[i], rng.permutation(a.content)))
    return {**blind, "question words": said, "shuffled time": shuffled}


def spans_without_a_look(
    asked: Sequence[GroundingQuestion], rng: np.random.Generator
) -> dict[str, list[dict[str, float]]]:
    """What needs neither the video nor the question: a span by lot, and all of the video.

    The frames of the first are ranked by lot; the second ranks none.
    """
    random, whole = [], []
    for a in asked:
        candidates = candidate_spans(a.duration_s)
        anywhere = tuple(candidates[rng.integers(len(candidates))])
        ranked = rng.permutation(a.frames.spans.mean(axis=1)).tolist()
        random.append(
            {
                **grounding_values(anywhere, a.question.spans),
                **ranking_values(ranked, a.question.spans),
            }
        )
        whole.append(grounding_values((0.0, a.duration_s), a.question.spans))
    return {"random": random, "whole video": whole}


def figures(rows: Rows, videos: Sequence[str], seed: int) -> dict[str, Figure]:
    """Every value's mean over the questions with its interval over videos."""
    return {
        name: bootstrap_over_groups([row[name] for row in rows], videos, seed) for name in rows[0]
    }


def paired(rows: Rows, others: Rows, name: str, videos: Sequence[str], seed: int) -> Figure:
    """The mean difference `rows` - `others` on the same questions with its interval over videos."""
    return bootstrap_over_groups(
        [a[name] - b[name] for a, b in zip(rows, others, strict=True)],
        videos,
        seed,
        bounds=(-1, 1),
    )


def _fingerprint(
    files: Sequence[str | Path], model_id: str, folds: int | None, seed: int
) -> dict[str, object]:
    names = ("annotations_sha256", "spans_sha256", "captions_sha256")
    sums = {
        name: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for name, path in zip(names, files, strict=True)
    }
    if folds:
        table = f"refitted on the other videos in {folds} folds"
    else:
        source = load_prior().provenance
        same = source.get("spans_sha256") == sums["spans_sha256"]
        table = (
            "shipped, fitted on these videos: in-sample"
            if same
            else "shipped, fitted on other videos"
        )
    return {
        "benchmark": "nextgqa",
        **sums,
        "model": model_id,
        "folds": folds,
        "seed": seed,
        "table": table,
    }
