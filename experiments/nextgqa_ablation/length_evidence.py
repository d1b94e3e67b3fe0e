"""Questions -> spans where content counts by (length / 6 s) ^ 0.5: a long mean is less an accident.

The mean standard score of a long span varies less than that of a short one; were seconds
independent, the same mean over more seconds would be stronger evidence by the root of their number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.evaluation.nextgqa_data import GroundingQuestion
from svqa.evaluation.nextgqa_fit import fit_table, fold_of
from svqa.metrics.grounding import grounding_values
from svqa.temporal.moments import candidate_spans, span_iou, span_means, standard
from svqa.temporal.prior import Prior

REFERENCE_S = 6.0
POWER = 0.5
WEIGHTS = (0.3, 0.5, 0.7, 0.9, 1.2)


def values_by_length(
    asked: Sequence[GroundingQuestion], folds: int, seed: int, *, power: float = POWER
) -> list[dict[str, float]]:
    """-> the values of each question's span; table and weight are learnt on the other folds.

    The weight is the best of `WEIGHTS` on folds inside the training folds. `power` 0 is the method
    with these weights to choose from.
    """
    fold = fold_of(asked, folds, seed)
    values: list[dict[str, float]] = [{}] * len(asked)
    for held in range(folds):
        train = np.flatnonzero(fold != held).tolist()
        at = WEIGHTS.index(_best_weight([asked[i] for i in train], fold[train], power))
        table = fit_table([asked[i] for i in train])
        for i in np.flatnonzero(fold == held).tolist():
            best = spans_by_weight(asked[i], table, power)[at]
            values[i] = grounding_values((best[0], best[1]), asked[i].question.spans)
    return values


def spans_by_weight(asked: GroundingQuestion, table: Prior, power: float) -> np.ndarray:
    """-> (len(WEIGHTS), 2): the span with the highest expected IoU under each weight."""
    spans, weights = table.spans(asked.question.text, asked.duration_s)
    candidates = candidate_spans(asked.duration_s)
    means = span_means(standard(asked.content), asked.t_s, spans, end_s=asked.duration_s)
    evidence = means * (np.diff(spans, axis=1).ravel() / REFERENCE_S) ** power
    logits = evidence[:, None] * WEIGHTS  # (C, weights)
    posterior = weights[:, None] * np.exp(logits - logits.max(axis=0))
    return candidates[np.argmax(span_iou(candidates, spans) @ posterior, axis=0)]


def _best_weight(asked: Sequence[GroundingQuestion], fold: np.ndarray, power: float) -> float:
    total = np.zeros(len(WEIGHTS))
    for held in np.unique(fold).tolist():
        inside = [a for a, g in zip(asked, fold, strict=True) if g != held]
        table = fit_table(inside)
        for a in (a for a, g in zip(asked, fold, strict=True) if g == held):
            found = spans_by_weight(a, table, power)
            total += span_iou(found, np.asarray(a.question.spans)).max(axis=1)
    return WEIGHTS[int(total.argmax())]
