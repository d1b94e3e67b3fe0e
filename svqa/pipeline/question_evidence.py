"""A question's hits and seconds -> the passages and stretches that are weighed for its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from svqa.answering.question_scope import TimeScope
from svqa.database import Store
from svqa.models.zoo import ModelSet
from svqa.pipeline.search import search
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Evidence

HITS = 10
# up to so many captions and utterances, an answerer reads all of them; beyond, those of the best
# scenes
WHOLE = 2000
MANY = 20_000  # lines, of which several may be one passage: beyond, they are not even read


def read_passages_of(
    store: Store,
    models: ModelSet,
    asked: str,
    videos: Sequence[str],
    hits: Sequence[Evidence],
    cache: SearchCache,
) -> list[Evidence]:
    """What was written, said and read, each scored by the best hit that it lies in.

    Of very many, those of the best scenes and segments.
    """
    many = len(videos) > MANY or store.count_lines(videos) > MANY
    passages = [] if many else store.passages(videos=videos)
    if many or len(passages) > WHOLE:
        scenes = search(store, models, asked, videos=videos, level="scene", k=HITS, cache=cache)
        found = (*scenes, *hits)
        passages = store.passages(videos={e.video for e in found})
        passages = [p for p in passages if any(_overlap(p, e) for e in found)]
    return found_beside(passages, hits)


def found_beside(passages: Sequence[Evidence], hits: Sequence[Evidence]) -> list[Evidence]:
    """Passages scored by the best segment that was found beside them."""
    best = [max((hit.score for hit in hits if _overlap(p, hit)), default=0.0) for p in passages]
    return [replace(p, score=score) for p, score in zip(passages, best, strict=True)]


def with_parts(passages: Sequence[Evidence], weighed: Sequence[Evidence]) -> list[Evidence]:
    """Passages with their own scores, and what each second has for it."""
    parts = {(e.start_s, e.end_s): e.parts for e in weighed}
    return [replace(p, parts=parts[p.start_s, p.end_s]) for p in passages]


def stretches_within(hits: Sequence[Evidence], scope: TimeScope | None) -> list[Evidence]:
    """The parts of the hits that lie in the seconds that are asked about.

    These seconds themselves where none does.
    """
    if scope is None or not hits:
        return list(hits)
    cut = cut_to(hits, scope)
    return cut or [replace(hits[0], start_s=scope.start_s, end_s=scope.end_s, text="")]


def cut_to(found: Sequence[Evidence], scope: TimeScope | None) -> list[Evidence]:
    """Evidence of the seconds that are asked about, cut to them; all of it without such seconds."""
    if scope is None:
        return list(found)
    return [
        replace(e, start_s=max(e.start_s, scope.start_s), end_s=min(e.end_s, scope.end_s))
        for e in found
        if e.start_s < scope.end_s and scope.start_s < e.end_s
    ]


def belongs(thing: Evidence, scope: TimeScope | None) -> bool:
    """Whether half of its seconds, or of those that are asked about, are shared."""
    if scope is None:
        return True
    shared_s = min(thing.end_s, scope.end_s) - max(thing.start_s, scope.start_s)
    return shared_s >= 0.5 * min(thing.end_s - thing.start_s, scope.end_s - scope.start_s)


def inside(passages: Sequence[Evidence], scope: TimeScope | None) -> list[Evidence]:
    """The passages whose middle lies in the seconds that are asked about.

    The nearest one where none does.
    """
    if scope is None:
        return list(passages)
    middles = [(p.start_s + p.end_s) / 2 for p in passages]
    inside = [p for p, t in zip(passages, middles, strict=True) if scope.start_s <= t < scope.end_s]
    if inside or not passages:
        return inside
    far = [max(scope.start_s - t, t - scope.end_s) for t in middles]
    return [p for p, d in zip(passages, far, strict=True) if d == min(far)]


def _overlap(a: Evidence, b: Evidence) -> bool:
    return a.video == b.video and a.start_s < b.end_s and b.start_s < a.end_s
