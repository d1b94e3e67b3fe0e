"""Scores and right-or-wrong -> is the score honest, what does abstaining buy.

Reliability, temperature, risk-coverage.

`scores (N,)` are in [0, 1], `right (N,)` are 1 where the answer was right and 0 where it was wrong.
numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability curve of B bins.

    `mean_score (B,)` against `accuracy (B,)` of the answers in each, `counts (B,)`.

    Empty bins are left out. `expected_error` is the expected calibration error: the gap, weighted
    by counts.
    """

    mean_score: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    expected_error: float


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What abstaining buys.

    Answering the `coverage (N,)` most confident share leaves `risk (N,)` of them wrong.

    `area` is the area under the curve (AURC), lower is better; `best_area` that of a score which
    puts every right answer before every wrong one; a score that says nothing has the plain error
    rate as its area. `threshold (N,)` is the lowest score answered at each coverage.
    """

    coverage: np.ndarray
    risk: np.ndarray
    threshold: np.ndarray
    area: float
    best_area: float


def reliability(scores: np.ndarray, right: np.ndarray, *, bins: int = 10) -> Reliability:
    """-> the reliability curve over `bins` equal-width bins (Guo et al. 2017, arXiv:1706.04599).

    >>> curve = reliability([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0])
    >>> round(curve.expected_error, 2)
    0.15
    """
    scores, right = _checked(scores, right)
    index = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    used = counts > 0
    mean_score = np.bincount(index, scores, minlength=bins)[used] / counts[used]
    accuracy = np.bincount(index, right, minlength=bins)[used] / counts[used]
    gap = np.abs(mean_score - accuracy) @ counts[used] / len(scores)
    return Reliability(mean_score, accuracy, counts[used], float(gap))


def fit_temperature(logits: np.ndarray, answers: np.ndarray) -> float:
    """-> the temperature T > 0 that makes the right options likeliest under softmax(logits / T).

    `logits (N, K)`, `answers (N,)` indices of the right option. Fit it on validation questions,
    report on others. It changes no choice. Golden-section search on log T in [1/100, 100]; the
    likelihood is convex in 1 / T.
    """
    logits, answers = np.asarray(logits, dtype=np.float64), np.asarray(answers, dtype=np.int64)
    if logits.ndim != 2 or answers.shape != (len(logits),) or not len(logits):
        raise ValueError(
            f"logits must be (N, K) and answers (N,), got {logits.shape} and {answers.shape}"
        )
    low, high = np.log(0.01), np.log(100.0)
    ratio = (np.sqrt(5) - 1) / 2
    while high - low > 1e-6:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if _surprise(logits / np.exp(a), answers) < _surprise(logits / np.exp(b), answers):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))


def softmax(logits: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """(N, K) -> (N, K), rows that sum to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def risk_coverage(scores: np.ndarray, right: np.ndarray) -> RiskCoverage:
    """-> the risk-coverage curve and the area under it.

    El-Yaniv and Wiener 2010; AURC as in Geifman et al. 2019, arXiv:1805.08206.

    Equal scores are answered together: their risk is shared, so the order of ties changes nothing.

    >>> round(risk_coverage([0.9, 0.8, 0.1, 0.2], [1, 1, 0, 1]).area, 4)
    0.0625
    """
    scores, right = _checked(scores, right)
    order = np.argsort(-scores, kind="stable")
    risk = _running_risk(scores[order], 1.0 - right[order])
    best = _running_risk(-np.arange(len(right), dtype=np.float64), np.sort(1.0 - right))
    coverage = np.arange(1, len(scores) + 1) / len(scores)
    return RiskCoverage(coverage, risk, scores[order], float(risk.mean()), float(best.mean()))


def _running_risk(scores: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Sorted scores (N,), wrong (N,) -> risk of the first 1..N answers.

    Each tied group shares its mean wrongness.
    """
    _, index = np.unique(-scores, return_inverse=True)
    shared = (np.bincount(index, wrong) / np.bincount(index))[index]
    return np.cumsum(shared) / np.arange(1, len(wrong) + 1)


def _surprise(logits: np.ndarray, answers: np.ndarray) -> float:
    chosen = softmax(logits)[np.arange(len(answers)), answers]
    return float(-np.log(np.maximum(chosen, 1e-300)).mean())


def _checked(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, right = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if scores.ndim != 1 or scores.shape != right.shape or not len(scores):
        raise ValueError(
            f"scores and right must both be (N,) with N >= 1, got {scores.shape} and {right.shape}"
        )
    if not np.all((scores >= 0) & (scores <= 1)):
        raise ValueError("scores must lie in [0, 1]; turn logits into shares with softmax first")
    return scores, right
