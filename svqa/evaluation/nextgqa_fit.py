"""Questions and scores over time -> spans, with what is learnt learnt on other videos.

Learnt are a table (`svqa.temporal.prior`) and two weights: how much a video's own scores count
against the table when a span is looked for (`content_weight`) and when a frame is (`frame_weight`).
The weights are chosen on folds inside the training folds, so the fold that is reported on has no
part in either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from svqa.evaluation.nextgqa_data import GroundingQuestion
from svqa.metrics.grounding import grounding_values, inside, ranking_values
from svqa.temporal.moments import candidate_spans, expected_moments, span_iou, span_means, standard
from svqa.temporal.prior import Prior, fit_prior
from svqa.temporal.rerank import LEAST_DENSITY

Table = Callable[[Sequence[GroundingQuestion]], Prior]
CONTENT_WEIGHTS = (0.5, 0.7, 0.9)
FRAME_WEIGHTS = (0.2, 0.3, 0.4, 0.5)


def values_of(asked: GroundingQuestion, prior: Prior, content: np.ndarray) -> dict[str, float]:
    """One question's values by `prior` and `content (T,)`: of its span and of its ranked frames."""
    return {**span_values(asked, prior, content), **frame_values(asked, prior, content)}


def span_values(asked: GroundingQuestion, prior: Prior, content: np.ndarray) -> dict[str, float]:
    """The span with the highest expected IoU under prior x content, against the marked ones."""
    spans, weights = prior.spans(asked.question.text, asked.duration_s)
    best = expected_moments(
        content,
        asked.t_s,
        end_s=asked.duration_s,
        spans=spans,
        weights=weights,
        content_weight=prior.content_weight,
    )[0]
    return grounding_values((best.start_s, best.end_s), asked.question.spans)


def frame_values(asked: GroundingQuestion, prior: Prior, content: np.ndarray) -> dict[str, float]:
    """Seconds ranked by log prior density + frame_weight x content.

    A second stands for its middle.
    """
    middle_s = asked.frames.spans.mean(axis=1)
    density = np.maximum(
        prior.density(asked.question.text, asked.duration_s, middle_s), LEAST_DENSITY
    )
    order = np.argsort(-(np.log(density) + prior.frame_weight * content), kind="stable")
    return ranking_values(middle_s[order], asked.question.spans)


def fold_of(asked: Sequence[GroundingQuestion], folds: int, seed: int) -> np.ndarray:
    """-> (N,): each question's fold, by video, so that no video is in two folds."""
    videos = sorted({a.question.video for a in asked})
    shuffled = np.random.default_rng(seed).permutation(len(videos))
    at = {videos[j]: i % folds for i, j in enumerate(shuffled)}
    return np.array([at[a.question.video] for a in asked])


def fitted_priors(
    asked: Sequence[GroundingQuestion],
    folds: int,
    seed: int,
    scores: Sequence[np.ndarray] | None = None,
    table: Table | None = None,
) -> dict[int, Prior]:
    """-> {question number: the prior it may use}.

    The prior is fitted, and its weights chosen, on the other folds only.

    `scores` (T,) a question, default its `content`. `table` makes a prior from questions, default
    `fit_table`.
    """
    fold = fold_of(asked, folds, seed)
    scores = [a.content for a in asked] if scores is None else scores
    out: dict[int, Prior] = {}
    for held in range(folds):
        train = np.flatnonzero(fold != held).tolist()
        chosen = choose_weights(
            [asked[i] for i in train], [scores[i] for i in train], fold[train], table=table
        )
        out.update(dict.fromkeys(np.flatnonzero(fold == held).tolist(), chosen))
    return out


def choose_weights(
    asked: Sequence[GroundingQuestion],
    scores: Sequence[np.ndarray],
    fold: np.ndarray,
    *,
    table: Table | None = None,
) -> Prior:
    """A prior fitted on all of `asked`, its two weights chosen by leaving each fold out in turn.

    They are the best of (mIoU, hit@1).
    """
    table = table or fit_table
    inner = {
        f: table([a for a, g in zip(asked, fold, strict=True) if g != f])
        for f in np.unique(fold).tolist()
    }
    iou, hit = np.zeros(len(CONTENT_WEIGHTS)), np.zeros(len(FRAME_WEIGHTS))
    for a, content, f in zip(asked, scores, fold.tolist(), strict=True):
        iou += ious_by_weight(a, inner[f], content)
        hit += hits_by_weight(a, inner[f], content)
    return replace(
        table(asked),
        content_weight=CONTENT_WEIGHTS[iou.argmax()],
        frame_weight=FRAME_WEIGHTS[hit.argmax()],
    )


def ious_by_weight(asked: GroundingQuestion, prior: Prior, content: np.ndarray) -> np.ndarray:
    """`span_values(...)["iou"]` for each of `CONTENT_WEIGHTS`, shared work done once."""
    spans, weights = prior.spans(asked.question.text, asked.duration_s)
    candidates = candidate_spans(asked.duration_s)
    overlap = span_iou(candidates, spans)
    means = span_means(standard(content), asked.t_s, spans, end_s=asked.duration_s)
    posteriors = weights[:, None] * np.exp(means[:, None] * CONTENT_WEIGHTS)  # (C, weights)
    best = candidates[np.argmax(overlap @ posteriors, axis=0)]
    return span_iou(best, np.asarray(asked.question.spans)).max(axis=1)


def hits_by_weight(asked: GroundingQuestion, prior: Prior, content: np.ndarray) -> np.ndarray:
    """`frame_values(...)["hit_at_1"]` for each of `FRAME_WEIGHTS`."""
    middle_s = asked.frames.spans.mean(axis=1)
    density = np.maximum(
        prior.density(asked.question.text, asked.duration_s, middle_s), LEAST_DENSITY
    )
    best = np.argmax(np.log(density)[:, None] + content[:, None] * FRAME_WEIGHTS, axis=0)
    return np.array([inside(middle_s[i], asked.question.spans) for i in best], dtype=np.float64)


def fit_table(asked: Sequence[GroundingQuestion], **provenance: object) -> Prior:
    """The table of the question's words counted from these questions, with default weights."""
    return fit_prior(
        [a.question.text for a in asked],
        [a.duration_s for a in asked],
        [a.question.spans for a in asked],
        provenance=provenance,
    )
