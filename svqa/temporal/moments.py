"""Scores over time -> the spans that hold the moment, each with a score.

Two methods, for two states of knowledge:

- `rising_moments` knows only the scores: the stretches that stand out, however long they are.
- `expected_moments` also has a prior over spans (the question's words, `prior.py`): the span with
  the highest expected temporal IoU under prior x content. A span that is likely but a little off
  still overlaps the truth, so this beats taking the single likeliest span.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

GRID = 20  # candidate boundaries: every duration / 20


@dataclass(frozen=True)
class Moment:
    """`[start_s, end_s)` and its score, higher is better.

    What the score means is said by the function that made it.
    """

    start_s: float
    end_s: float
    score: float


def rising_moments(
    scores: np.ndarray, t_s: np.ndarray, *, end_s: float, threshold: float | None = None, k: int = 3
) -> list[Moment]:
    """The up to `k` stretches whose scores stand out most, best first; no window length to set.

    O(N).

    Frame i speaks for `[t_i, t_i+1)`, the last one until `end_s`. Found are all maximal-sum
    stretches of seconds x (score - threshold) (Ruzzo and Tompa 1999): a short dip inside a moment
    does not split it, a long one does. `threshold` None takes Otsu's (1979), which parts the
    seconds into high and low with the least spread in each. `score` is that sum. Scores that are
    all the same give no moment. Otsu's threshold sorts: O(N log N) with it.

    >>> rising_moments(np.array([0, 0, 1, .5, 1, 0]), np.arange(6.0), end_s=6.0, threshold=0.25)
    [Moment(start_s=2.0, end_s=5.0, score=1.75)]
    """
    scores, edges_s = _checked(scores, t_s, end_s)
    if not len(scores) or np.ptp(scores) < 1e-9:
        return []
    seconds = np.diff(edges_s)
    threshold = otsu_threshold(scores, seconds) if threshold is None else threshold
    found = [
        Moment(float(edges_s[a]), float(edges_s[b]), gain)
        for a, b, gain in _maximal_stretches(seconds * (scores - threshold))
    ]
    return sorted(found, key=lambda m: -m.score)[:k]


def expected_moments(
    scores: np.ndarray,
    t_s: np.ndarray,
    *,
    end_s: float,
    spans: np.ndarray,
    weights: np.ndarray,
    content_weight: float,
    k: int = 1,
    max_overlap: float = 0.3,
) -> list[Moment]:
    """The up to `k` spans with the highest expected temporal IoU, best first.

    `score` is that IoU, 0 to 1.

    spans (C, 2), weights (C,): the prior, from `Prior.spans`. Each is reweighted by
    exp(content_weight x the mean standard score of its seconds), so content_weight 0 is the prior
    alone. Candidates are all spans between 21 evenly spaced times; each is compared with every
    weighted span. Later moments overlap the ones before them by at most `max_overlap` IoU.
    """
    candidates = candidate_spans(end_s)
    posterior = posterior_weights(
        scores, t_s, end_s=end_s, spans=spans, weights=weights, content_weight=content_weight
    )
    expected = span_iou(candidates, spans) @ posterior
    found: list[int] = []
    for i in np.argsort(-expected, kind="stable"):
        if len(found) == k:
            break
        if not found or span_iou(candidates[[i]], candidates[found]).max() <= max_overlap:
            found.append(int(i))
    return [
        Moment(float(candidates[i, 0]), float(candidates[i, 1]), float(expected[i])) for i in found
    ]


def posterior_weights(
    scores: np.ndarray,
    t_s: np.ndarray,
    *,
    end_s: float,
    spans: np.ndarray,
    weights: np.ndarray,
    content_weight: float,
) -> np.ndarray:
    """-> (C,), summing to 1: prior weight x exp(content_weight x the span's mean standard score).

    O(N + C).
    """
    content = (
        span_means(standard(scores), t_s, spans, end_s=end_s)
        if len(scores)
        else np.zeros(len(spans))
    )
    logits = content_weight * content
    posterior = np.asarray(weights, np.float64) * np.exp(logits - logits.max())
    return posterior / posterior.sum()


def span_means(
    scores: np.ndarray, t_s: np.ndarray, spans: np.ndarray, *, end_s: float
) -> np.ndarray:
    """-> (C,): mean score over each span's seconds, by one running integral.

    A span without seconds takes 0.
    """
    scores, edges_s = _checked(scores, t_s, end_s)
    integral = np.concatenate([[0.0], np.cumsum(scores * np.diff(edges_s))])
    start, end = (np.interp(spans[:, i], edges_s, integral) for i in (0, 1))
    seconds = np.clip(spans[:, 1], edges_s[0], end_s) - np.clip(spans[:, 0], edges_s[0], end_s)
    return np.divide(end - start, seconds, out=np.zeros(len(spans)), where=seconds > 1e-9)


def content_scores(cosines: np.ndarray, words: np.ndarray) -> np.ndarray:
    """(N,) cosines and (N,) BM25 scores of one video's seconds -> (N,) standard scores of both.

    Meaning counts twice.

    Two to one because on the questions of `svqa eval nextgqa` meaning alone finds more than words
    alone (its ablation).
    """
    return standard(2 * standard(cosines) + standard(words))


def standard(scores: np.ndarray) -> np.ndarray:
    """(N,) -> (N,) with mean 0 and spread 1 over this video.

    All zeros where every score is the same.
    """
    scores = np.asarray(scores, np.float64)
    spread = scores.std() if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros(len(scores))


def candidate_spans(end_s: float, *, steps: int = GRID) -> np.ndarray:
    """-> (steps (steps + 1) / 2, 2): every span between two of 0, end_s / steps, ..., end_s."""
    line_s = np.linspace(0, end_s, steps + 1)
    start, end = np.triu_indices(steps + 1, 1)
    return np.stack([line_s[start], line_s[end]], axis=1)


def span_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, 2), (M, 2) spans in seconds -> (N, M) seconds in both / seconds in either.

    0 where both are empty.
    """
    both = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])
    both = np.clip(both, 0, None)
    either = np.diff(a, axis=1) + np.diff(b, axis=1).T - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 1e-12)


def otsu_threshold(scores: np.ndarray, seconds: np.ndarray) -> float:
    """The cut between two neighbouring scores that parts high from low.

    With the least spread inside the two groups (Otsu 1979).
    """
    order = np.argsort(scores)
    value, share = scores[order], seconds[order] / seconds.sum()
    low = np.cumsum(share)[:-1]
    mean_low = np.cumsum(share * value)[:-1]
    between = (value @ share * low - mean_low) ** 2 / np.maximum(low * (1 - low), 1e-12)
    cut = int(np.argmax(np.where(np.diff(value) > 1e-12, between, -1.0)))
    return float(value[cut] + value[cut + 1]) / 2


def _maximal_stretches(gains: np.ndarray) -> list[tuple[int, int, float]]:
    """(first, one past last, sum) of every maximal-sum stretch, by Ruzzo and Tompa.

    Each lies in no better one.
    """
    found: list[
        tuple[int, int, float, float, int]
    ] = []  # first, end, total before, total after, last lower start
    total = 0.0
    for i, gain in enumerate(gains.tolist()):
        before, total = total, total + gain
        if gain <= 0:
            continue
        first, left = i, before
        while True:
            lower = len(found) - 1
            while lower >= 0 and found[lower][2] >= left:
                # links jump over what cannot be lower: this keeps the whole pass O(N)
                lower = found[lower][4]
            if lower < 0 or found[lower][3] >= total:
                break
            first, left = found[lower][0], found[lower][2]
            del found[lower:]
        found.append((first, i + 1, left, total, lower))
    return [(first, end, after - left) for first, end, left, after, _ in found]


def _checked(
    scores: Sequence[float] | np.ndarray, t_s: np.ndarray, end_s: float
) -> tuple[np.ndarray, np.ndarray]:
    scores, t_s = np.asarray(scores, np.float64), np.asarray(t_s, np.float64)
    if scores.ndim != 1 or t_s.shape != scores.shape:
        raise ValueError(f"scores and t_s must both be (N,), got {scores.shape} and {t_s.shape}")
    edges_s = np.append(t_s, max(end_s, t_s[-1]) if len(t_s) else end_s)
    if not np.all(np.isfinite(scores)) or np.any(np.diff(t_s) <= 0):
        raise ValueError("scores must be finite and t_s strictly increasing seconds")
    return scores, edges_s
