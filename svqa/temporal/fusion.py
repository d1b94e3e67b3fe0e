"""Visual + text + audio -> one vector, or one ranking, from which each sense's share can be read.

Any sense may be missing. Vectors of two models are never added: `weighted_sum` and `gated` ask for
one shared space (ConSE or CLIP put pictures and words in one), `concat` and `late` take any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from svqa.errors import UsageError, unknown_name
from svqa.records import VectorSet
from svqa.retrieval.rank_fusion import RRF_K, fuse_ranks, mean_ranks

SENSES = ("visual", "text", "audio")
STRATEGIES = ("weighted_sum", "concat", "gated", "late")


@dataclass(frozen=True, eq=False)
class Fused:
    """N items in several senses at once.

    `values` (N, D) float32, rows of length 1; None for `late`, which keeps the senses apart until
    they are ranked. `weights` {sense: (N,)}: each sense's share of a row, summing to 1 over the
    senses that are there. `parts` {sense: (N, D_sense)}: the rows of length 1 that went in, zeros
    where a sense is silent. `given` {sense: weight}: what was asked for before any row was looked
    at.
    """

    strategy: str
    values: np.ndarray | None
    weights: Mapping[str, np.ndarray]
    parts: Mapping[str, np.ndarray]
    given: Mapping[str, float]

    def __repr__(self) -> str:
        shape = "ranks" if self.values is None else f"{self.values.shape}"
        return f"Fused({self.strategy} of {' + '.join(self.parts)}: {shape})"


@dataclass(frozen=True, eq=False)
class Scores:
    """`total (N,)`, higher is better, and what each sense gave: `by_sense` {sense: (N,)}.

    The parts add up to the total.
    """

    total: np.ndarray
    by_sense: Mapping[str, np.ndarray]

    def carried_by(self, item: int) -> str:
        """The sense that gave most to this item's score."""
        return max(self.by_sense, key=lambda sense: self.by_sense[sense][item])


def create_multimodal_embedding(
    visual: VectorSet | ArrayLike | None = None,
    text: VectorSet | ArrayLike | None = None,
    audio: VectorSet | ArrayLike | None = None,
    fusion_strategy: str = "weighted_sum",
    *,
    weights: Mapping[str, float] | None = None,
    dims: Mapping[str, int] | None = None,
) -> Fused:
    """Fuse what was seen, said and heard about the same N moments.

    visual, text, audio: (N, D), (D,) for one moment, a `VectorSet`, or None where that sense is
    missing. Rows are brought to length 1 first; a row of zeros (silence) has no say in its item.

    - `weighted_sum`: sum of weight x row, then length 1. One shared space.
    - `gated`: as weighted_sum, each row's weight multiplied by its own `reliability`.
    - `concat`: the rows side by side, each times the square root of its weight, so the product of
      two such vectors is the weighted mean of the cosines. A missing sense takes `dims[sense]`
      zeros, or no room if not in `dims`.
    - `late`: nothing is mixed; `match` ranks the items in each sense and fuses the ranks.

    `weights`: a sense's share before gating, default equal. Raises UsageError for an unknown
    strategy or sense, nothing to fuse, counts that differ, and (where vectors are added) dimensions
    or models that differ.

    >>> weights = {"visual": 3, "text": 1}
    >>> fused = create_multimodal_embedding([1.0, 0.0], [0.0, 2.0], weights=weights)
    >>> [round(float(x), 2) for x in fused.values[0]]
    [0.95, 0.32]
    >>> {sense: float(w[0]) for sense, w in fused.weights.items()}
    {'visual': 0.75, 'text': 0.25}
    """
    if fusion_strategy not in STRATEGIES:
        raise UsageError(unknown_name("fusion strategy", fusion_strategy, STRATEGIES))
    given = {s: v for s, v in zip(SENSES, (visual, text, audio), strict=True) if v is not None}
    wanted = {s: float((weights or {}).get(s, 1.0)) for s in given}
    for name in {*(weights or {}), *(dims or {})} - set(SENSES):
        raise UsageError(unknown_name("sense", name, SENSES))
    parts = {s: _unit_rows(v, s) for s, v in given.items()}
    _check_counts(parts)
    if fusion_strategy in ("weighted_sum", "gated"):
        _check_one_space(given, parts, fusion_strategy)
    gate = reliability if fusion_strategy == "gated" else _is_there
    gates = {s: gate(p) for s, p in parts.items()}
    share = _shares(gates, wanted)
    if fusion_strategy == "late":
        return Fused(fusion_strategy, None, share, parts, wanted)
    if fusion_strategy == "concat":
        values = _side_by_side(parts, share, dims or {})
    else:
        values = np.sum([share[s][:, None] * p for s, p in parts.items()], axis=0)
    return Fused(
        fusion_strategy,
        _unit_rows(values, "fused").astype(np.float32),
        share,
        {s: p.astype(np.float32) for s, p in parts.items()},
        wanted,
    )


def match(fused: Fused, **queries: np.ndarray) -> Scores:
    """Score the N items against a query in one or more senses.

    `match(fused, visual=q, audio=tone)`.

    `late` fuses ranks (`late_fusion`); the others add weight x cosine over the senses the query
    speaks to, so the parts add up exactly. A text query may be given to `visual` and `text` alike
    where they share a space. The senses the query speaks to share the score; an item that is silent
    in one of them gets nothing for it, so a query with a sound does not favour the silent.
    """
    for name in set(queries) - set(SENSES):
        raise UsageError(unknown_name("sense", name, SENSES))
    shared = [s for s in fused.parts if queries.get(s) is not None]
    if not shared:
        raise UsageError(
            f"the query speaks to {', '.join(queries) or 'nothing'}, the items to "
            f"{', '.join(fused.parts)}: give a query vector for at least one of these"
        )
    cosines = {}
    for s in shared:
        query = _unit_rows(queries[s], s)[0]
        if len(query) != fused.parts[s].shape[1]:
            raise UsageError(
                f"the {s} query has {len(query)} numbers, the items have "
                f"{fused.parts[s].shape[1]}: make both with the same model"
            )
        cosines[s] = fused.parts[s] @ query
    weights = _for_query(fused, shared)
    if fused.strategy == "late":
        known = {s: np.where(fused.parts[s].any(axis=1), c, np.nan) for s, c in cosines.items()}
        return late_fusion(known, weights=weights)
    by_sense = {s: weights[s] * c for s, c in cosines.items()}
    return Scores(np.sum(list(by_sense.values()), axis=0), by_sense)


def late_fusion(
    scores: Mapping[str, np.ndarray],
    *,
    weights: Mapping[str, np.ndarray | float] | None = None,
    k: int = RRF_K,
) -> Scores:
    """Reciprocal rank fusion: {sense: (N,) scores in any units} -> sum of weight / (k + rank).

    Ranks count from 1.

    Equal scores share their mean rank. NaN means this sense does not know the item and gives it
    nothing. Cormack et al. 2009.

    >>> scores = {"visual": np.array([0.9, 0.1]), "text": np.array([0.2, 0.8])}
    >>> late_fusion(scores, weights={"text": 2}).total.argmax()
    np.int64(1)
    """
    ranks = {sense: mean_ranks(np.asarray(of, np.float64)) for sense, of in scores.items()}
    by_sense = fuse_ranks(ranks, weights=weights, k=k)
    return Scores(np.sum(list(by_sense.values()), axis=0), by_sense)


def reliability(rows: np.ndarray) -> np.ndarray:
    """(N, D) -> (N,) in [0, 1]: how far each row stands out from its own sense's mean.

    0 for zeros, 1 for N = 1.

    A camera that never moves or a steady hum gives the same vector all the time and so cannot tell
    moments apart; what stands out can. 1 - cosine to the mean of the other rows, between 0 and 1.
    """
    rows = np.asarray(rows, np.float64)
    some = rows.any(axis=1)
    if some.sum() < 2:
        return np.asarray(some, np.float64)
    others = rows.sum(axis=0) - rows
    others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-12)
    apart: np.ndarray = 1 - np.einsum("nd,nd->n", rows, others)
    return np.where(some, np.clip(apart, 0, 1), 0.0)


def _is_there(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows.any(axis=1), np.float64)


def _unit_rows(values: VectorSet | ArrayLike, sense: str) -> np.ndarray:
    rows = np.atleast_2d(
        np.asarray(values.values if isinstance(values, VectorSet) else values, np.float64)
    )
    if rows.ndim != 2 or not np.all(np.isfinite(rows)):
        raise UsageError(
            f"{sense} vectors must be finite and (N, D) or (D,), got shape {rows.shape}"
        )
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-12)


def _check_counts(parts: Mapping[str, np.ndarray]) -> None:
    if not parts:
        raise UsageError("nothing to fuse: give at least one of visual, text, audio")
    counts = {s: len(p) for s, p in parts.items()}
    if len(set(counts.values())) > 1:
        raise UsageError(
            f"every sense needs one row a moment, got {counts}: pool them over the same "
            "segments first"
        )


def _check_one_space(given: Mapping, parts: Mapping[str, np.ndarray], strategy: str) -> None:
    dims = {s: p.shape[1] for s, p in parts.items()}
    if len(set(dims.values())) > 1:
        raise UsageError(
            f"{strategy} adds vectors, so they need one dimension, got {dims}: use concat or late"
        )
    models = {s: v.model_id for s, v in given.items() if isinstance(v, VectorSet)}
    if len(set(models.values())) > 1:
        raise UsageError(
            f"{strategy} adds vectors, so they need one model's space, got {models}: use "
            "concat or late"
        )


def _shares(gates: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> dict[str, np.ndarray]:
    raw = {s: g * float(weights.get(s, 1.0)) for s, g in gates.items()}
    if any(np.any(r < 0) for r in raw.values()):
        raise UsageError(f"weights must be >= 0, got {dict(weights)}")
    total = np.sum(list(raw.values()), axis=0)
    # Where no sense stands out (all gates 0) each one counts the same: better than no vector at
    # all.
    return {
        s: np.divide(r, total, out=np.full(len(r), 1 / len(raw)), where=total > 0)
        for s, r in raw.items()
    }


def _for_query(fused: Fused, senses: list[str]) -> dict[str, np.ndarray]:
    """-> {sense: (N,)}: an item's shares over the senses that are asked.

    They sum to how much of the query it can meet.
    """
    own = np.sum([fused.weights[s] for s in senses], axis=0)
    asked = sum(fused.given[s] for s in senses)
    met = (
        sum(fused.given[s] * fused.parts[s].any(axis=1) for s in senses) / asked
        if asked > 0
        else np.zeros(len(own))
    )
    return {
        s: np.divide(fused.weights[s] * met, own, out=np.zeros(len(own)), where=own > 0)
        for s in senses
    }


def _side_by_side(
    parts: Mapping[str, np.ndarray], share: Mapping[str, np.ndarray], dims: Mapping[str, int]
) -> np.ndarray:
    n = len(next(iter(parts.values())))
    blocks = []
    for sense in SENSES:
        if sense in parts:
            width = parts[sense].shape[1]
            if dims.get(sense, width) != width:
                raise UsageError(
                    f"dims says {dims[sense]} numbers for {sense}, its vectors have {width}"
                )
            blocks.append(np.sqrt(share[sense])[:, None] * parts[sense])
        elif sense in dims:
            blocks.append(np.zeros((n, dims[sense])))
    return np.concatenate(blocks, axis=1)
