"""Retrieved moments -> the same moments in a better order.

Neighbours that agree count, and what the question's words say.

Cost grows with the K candidates, never with the library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from svqa.records import Evidence
from svqa.temporal.prior import Prior

NEAR_S = 2.0  # a neighbour this far away lends 1 / e of its score
FARTHEST = 40.0  # times near_s: beyond it a neighbour lends less than a rounding error
LEAST_DENSITY = 1e-3  # a second the table never saw is unlikely, not impossible


def rerank_with_temporal_coherence(
    results: Sequence[Any],
    timestamps: Sequence[float] | np.ndarray,
    coherence_weight: float = 0.2,
    *,
    near_s: float = NEAR_S,
) -> list[Any]:
    """`results` best first after each score took in how well its neighbours in time scored.

    results: K `Evidence`, mappings with a "score" (and perhaps a "video"), or (item, score) pairs;
    the same kind comes back, with the new score, and with its `parts` "content" and "coherence"
    where it has a place for them. timestamps: (K,) seconds. Moments of different videos do not
    support each other.

    New score = (1 - w) content + w coherence. Content is the old score scaled to [0, 1] over the
    results. Coherence is the sum of the others' content, each times exp(-seconds apart / near_s),
    over 1 plus the sum of these weights: near 0 without company, near the neighbours' content in
    good company. One sort, then O(K): two running sums.

    >>> results = [("lone", 1.0), ("a", 0.95), ("b", 0.94), ("c", 0.0)]
    >>> rerank_with_temporal_coherence(results, [90.0, 5.0, 6.0, 40.0])[0][0]
    'a'
    """
    if not 0 <= coherence_weight <= 1:
        raise ValueError(f"coherence_weight must be in [0, 1], got {coherence_weight}")
    scores, videos = [_score_of(r) for r in results], [_video_of(r) for r in results]
    content = _to_unit_range(scores)
    support = coherence(content, timestamps, groups=videos, near_s=near_s)
    total = (1 - coherence_weight) * content + coherence_weight * support
    parts = [
        {"content": float(c), "coherence": float(s)} for c, s in zip(content, support, strict=True)
    ]
    return [
        _rescored(results[i], float(total[i]), parts[i]) for i in np.argsort(-total, kind="stable")
    ]


def rerank_with_question(
    results: Sequence[Evidence],
    question: str,
    durations_s: Mapping[str, float],
    *,
    prior: Prior,
    content_weight: float = 1.0,
    coherence_weight: float = 0.2,
    prior_weight: float = 1.0,
    near_s: float = NEAR_S,
) -> list[Evidence]:
    """Evidence best first by content, coherence and the question's words together.

    `parts` show the three.

    Score = content_weight x content + coherence_weight x coherence + prior_weight x log prior.
    Content is the standard score over the results, coherence that of the neighbours (as above),
    prior how likely the moment's middle is inside the asked span relative to the video's mean
    (`Prior.density`). durations_s: {video: seconds}.
    """
    middles = np.array([(e.start_s + e.end_s) / 2 for e in results])
    scores = np.array([e.score for e in results], np.float64)
    spread = scores.std() if len(scores) else 0.0
    content = (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros(len(scores))
    support = coherence(content, middles, groups=[e.video for e in results], near_s=near_s)
    said = np.zeros(len(results))
    for video in {e.video for e in results}:
        mine = np.array([e.video == video for e in results])
        if video not in durations_s:
            raise ValueError(
                f"durations_s needs the seconds of every video, got none for {video!r}"
            )
        said[mine] = np.log(
            np.maximum(prior.density(question, durations_s[video], middles[mine]), LEAST_DENSITY)
        )
    parts = {
        "content": content_weight * content,
        "coherence": coherence_weight * support,
        "prior": prior_weight * said,
    }
    total = np.sum(list(parts.values()), axis=0)
    return [
        replace(
            results[i],
            score=float(total[i]),
            parts={**results[i].parts, **{name: float(part[i]) for name, part in parts.items()}},
        )
        for i in np.argsort(-total, kind="stable")
    ]


def coherence(
    scores: np.ndarray,
    timestamps: Sequence[float] | np.ndarray,
    *,
    groups: Sequence | None = None,
    near_s: float = NEAR_S,
) -> np.ndarray:
    """-> (K,): each one's neighbours' scores, the nearer the more.

    Weighted by exp(-seconds apart / near_s), over 1 + the weights.

    `groups`: only items of one group (video) are neighbours.
    """
    scores, t_s = np.asarray(scores, np.float64), np.asarray(timestamps, np.float64)
    if t_s.shape != scores.shape or not np.all(np.isfinite(t_s)):
        raise ValueError(
            f"timestamps must be finite seconds, one a result: got {t_s.shape} for "
            f"{len(scores)} results"
        )
    if not near_s > 0:
        raise ValueError(f"near_s must be > 0, got {near_s}")
    codes: dict = {}
    group = np.array(
        [codes.setdefault(g, len(codes)) for g in groups or [0] * len(scores)], np.int64
    )
    order = np.lexsort((t_s, group))
    total, weight = np.zeros(len(scores)), np.zeros(len(scores))
    for path in (order, order[::-1]):  # what lies before, then what lies after
        summed = weighed = 0.0
        for here, last in zip(path[1:].tolist(), path[:-1].tolist(), strict=True):
            apart = abs(t_s[here] - t_s[last]) / near_s
            if group[here] != group[last] or apart > FARTHEST:
                summed = weighed = 0.0
                continue
            fade = math.exp(-apart)
            summed, weighed = (summed + scores[last]) * fade, (weighed + 1) * fade
            total[here] += summed
            weight[here] += weighed
    return total / (1 + weight)


def _to_unit_range(scores: Sequence[float]) -> np.ndarray:
    values = np.asarray(scores, np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError("scores must be finite")
    reach = np.ptp(values) if len(values) else 0.0
    return (values - values.min()) / reach if reach > 0 else np.ones(len(values))


def _score_of(result: Any) -> float:
    if isinstance(result, Evidence):
        return result.score
    if isinstance(result, Mapping) and "score" in result:
        return float(result["score"])
    if isinstance(result, tuple) and len(result) == 2:
        return float(result[1])
    raise ValueError(
        f"a result is Evidence, a mapping with a 'score', or an (item, score) pair, got {result!r}"
    )


def _video_of(result: Any) -> object:
    if isinstance(result, Evidence):
        return result.video
    return result.get("video") if isinstance(result, Mapping) else None


def _rescored(result: Any, score: float, parts: dict[str, float]) -> Any:
    if isinstance(result, Evidence):
        return replace(result, score=score, parts={**result.parts, **parts})
    if isinstance(result, Mapping):
        return {**result, "score": score, "parts": {**result.get("parts", {}), **parts}}
    return (result[0], score)
