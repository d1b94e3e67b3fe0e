"""Frame vectors -> 5 s segments -> 30 s scenes.

Levels are nested: every segment lies in one scene. A level is made from the one below, each row
weighted by the frames it rests on, so a scene is exactly the mean of its frames and only what
changed is computed again. Boundaries are multiples of the length, so a video taken in 30 s chunks
gives the same rows as the whole video at once:

>>> spans = [[t, t + 1] for t in range(60)]
>>> frames = VectorSet("frame", "visual", "m", spans, np.eye(60, dtype=np.float32))
>>> levels_of(frames, 60.0)
(VectorSet(segment visual (12, 60) by m), VectorSet(scene visual (2, 60) by m))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.records import Segment, VectorSet

LENGTH_S = {"segment": 5.0, "scene": 30.0}
_SAME_S = 1e-6  # two boundaries closer than this are one: float noise, not a shot


@dataclass(frozen=True, eq=False)
class Pooled:
    """Means that remember how many frames they rest on.

    `vectors` (means, not of length 1), `counts (N,) int64`.
    """

    vectors: VectorSet
    counts: np.ndarray

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.vectors),) or np.any(self.counts < 1):
            raise ValueError(
                f"counts must be ({len(self.vectors)},) and at least 1, got {self.counts}"
            )

    def __len__(self) -> int:
        return len(self.vectors)


def segments_of(
    duration_s: float,
    *,
    level: str = "segment",
    length_s: float | None = None,
    cuts_s: Sequence[float] = (),
    since_s: float = 0.0,
) -> list[Segment]:
    """The stretches of one level, in time order, covering the video without gap or overlap.

    `length_s` defaults to 5 s for `segment` and 30 s for `scene`; the last one ends with the video.
    `cuts_s` are shot boundaries: each one is a boundary too, so no segment crosses a cut. It takes
    the place of the segments' multiple next to it, so that cuts make few more segments; multiples
    of 30 s stay, so that segments stay nested in scenes. With `since_s` only those that end after
    it: what an added chunk can change.

    >>> [(segment.start_s, segment.end_s) for segment in segments_of(12.0, cuts_s=[5.6])]
    [(0.0, 5.6), (5.6, 10.0), (10.0, 12.0)]
    """
    length_s = LENGTH_S.get(level) if length_s is None else length_s
    if length_s is None or not length_s > 0:
        raise ValueError(f"a {level} needs length_s > 0, got {length_s}")
    if not (math.isfinite(duration_s) and duration_s >= 0):
        raise ValueError(f"duration_s must be finite and >= 0, got {duration_s}")
    first = max(0, int(since_s // length_s))
    lines = [i * length_s for i in range(first, int(duration_s // length_s) + 1)]
    cuts = [c for c in cuts_s if lines and lines[0] < c < duration_s]
    if level == "segment":
        taken = {round(c / length_s) * length_s for c in cuts}
        lines = [x for x in lines if x not in taken or x == since_s or x % LENGTH_S["scene"] == 0]
    lines += cuts
    edges: list[float] = []
    for line in sorted(lines):
        if line < duration_s - _SAME_S and (not edges or line - edges[-1] > _SAME_S):
            edges.append(line)
    spans = zip(edges, [*edges[1:], duration_s], strict=False)  # nothing of nothing
    return [Segment(start, end, level) for start, end in spans if end > since_s]


def pool_mean(rows: VectorSet | Pooled, segments: Sequence[Segment]) -> Pooled:
    """Means of the rows that begin inside each segment, O(N); a segment without rows gets none.

    rows: frame vectors (each counts one), or a `Pooled` lower level (each counts its frames: then
    the result is the mean of all frames below). Segments of one level, in time order, not
    overlapping. Sums are float64, so the mean of a chunk is the mean of the same seconds in the
    whole video.
    """
    vectors, counts = (
        (rows.vectors, rows.counts)
        if isinstance(rows, Pooled)
        else (rows, np.ones(len(rows), np.int64))
    )
    starts = np.array([s.start_s for s in segments], dtype=np.float64)
    ends = np.array([s.end_s for s in segments], dtype=np.float64)
    if np.any(starts[1:] < ends[:-1] - _SAME_S):
        raise ValueError("segments must be in time order and must not overlap")
    begin = vectors.spans[:, 0]
    order = np.argsort(begin, kind="stable")
    owner = np.searchsorted(starts, begin[order] + _SAME_S, side="right") - 1
    inside = (
        (owner >= 0) & (begin[order] + _SAME_S < ends[owner])
        if len(segments)
        else np.zeros(len(order), bool)
    )
    order, owner = order[inside], owner[inside]
    used, at = np.unique(owner, return_index=True)
    level = segments[0].level if segments else vectors.level
    if not len(used):
        return Pooled(
            VectorSet(
                level, vectors.modality, vectors.model_id, np.empty((0, 2)), vectors.values[:0]
            ),
            np.empty(0, np.int64),
        )
    weighted = vectors.values[order].astype(np.float64) * counts[order, None]
    total = np.add.reduceat(counts[order], at)
    # (N, D) -> (segments, D)
    values = (np.add.reduceat(weighted, at, axis=0) / total[:, None]).astype(np.float32)
    spans = np.stack([starts[used], ends[used]], axis=1)
    return Pooled(VectorSet(level, vectors.modality, vectors.model_id, spans, values), total)


def extend(
    before: Pooled, rows: VectorSet | Pooled, segments: Sequence[Segment], *, since_s: float
) -> Pooled:
    """`before` brought up to `segments` after `rows` changed from `since_s` on.

    Only changed segments are computed.

    A row of `before` is kept as it is where its span is still one of `segments` and ends at or
    before `since_s`. `rows` needs to hold only what begins in the other segments. The result equals
    `pool_mean` of everything.
    """
    kept = {(a, b): i for i, (a, b) in enumerate(before.vectors.spans.tolist()) if b <= since_s}
    changed = [s for s in segments if (s.start_s, s.end_s) not in kept]
    wanted = {(s.start_s, s.end_s) for s in segments}
    keep = [i for span, i in kept.items() if span in wanted]
    new = pool_mean(rows, changed)
    spans = np.concatenate([before.vectors.spans[keep], new.vectors.spans])
    order = np.argsort(spans[:, 0], kind="stable")
    values = np.concatenate([before.vectors.values[keep], new.vectors.values])[order]
    v = before.vectors
    return Pooled(
        VectorSet(v.level, v.modality, v.model_id, spans[order], values),
        np.concatenate([before.counts[keep], new.counts])[order],
    )


def unit(vectors: VectorSet) -> VectorSet:
    """Rows of length 1, ready for a dot product.

    Rows of length 0 (opposite frames cancelled out) are left out.
    """
    length = np.linalg.norm(vectors.values.astype(np.float64), axis=1)
    some = length > 1e-12
    values = (vectors.values[some] / length[some, None]).astype(np.float32)
    return VectorSet(vectors.level, vectors.modality, vectors.model_id, vectors.spans[some], values)


def levels_of(
    frames: VectorSet,
    duration_s: float,
    *,
    cuts_s: Sequence[float] = (),
    since_s: float = 0.0,
    segments: Sequence[Segment] = (),
) -> tuple[VectorSet, VectorSet]:
    """(segment, scene) vectors of length 1 over `frames`: the call ingest makes once a chunk.

    frames: the vectors of the chunk, spans beginning at the frames' times. `since_s`: the chunk's
    start, a multiple of 30 s. Chunk after chunk the rows are the same as from one call over the
    whole video. `segments` where they follow cuts that the scenes do not.
    """
    segments = segments or segments_of(duration_s, cuts_s=cuts_s, since_s=since_s)
    scenes = segments_of(duration_s, level="scene", cuts_s=cuts_s, since_s=since_s)
    low = pool_mean(frames, segments)
    return unit(low.vectors), unit(pool_mean(low, scenes).vectors)
