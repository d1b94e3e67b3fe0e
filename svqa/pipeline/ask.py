"""A question -> an answer with the seconds it rests on, kept in the audit trail."""
from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from svqa.database import Store
from svqa.errors import UsageError
from svqa.media import Sampling, read_frames
from svqa.models.zoo import ModelSet
from svqa.pipeline.analyse import MODEL_SIZE_PX
from svqa.pipeline.moments import Pointed, find_moment
from svqa.pipeline.search import scores_over_time, search
from svqa.pipeline.shelf import Shelf
from svqa.records import Answer, Evidence, FrameBatch, Question
from svqa.temporal.prior import load_prior
from svqa.temporal.rerank import rerank_with_question

HITS = 10
LOOKS = 8  # frames that an answerer which looks is given
WHOLE = 2000  # up to so many captions and utterances, an answerer sees all of them; beyond, those near the hits


def ask(
    store: Store, models: ModelSet, text: str, *, videos: Sequence[str], options: Sequence[str] = (),
    shelf: Shelf | None = None,
) -> Answer:  # fmt: skip
    """Answer `text` from `videos` (ids), choosing among `options` if there are any; abstains where nothing supports it.

    About one video, an open question that says when ("at the end", "after the ball falls") is answered from those
    seconds only; options are weighed on the whole video, where a prior on time gained nothing
    (`docs/data/nextqa_ablation.json`). The evidence's `parts` show content, coherence and prior of its seconds. Raises
    UsageError on an empty question or a single option. Every call is kept: question, answer, evidence, latency, models.
    """
    if not text.strip():
        raise UsageError("A question needs words, got an empty text. Try: svqa ask 'What animal is this?' --video FILE")
    if len(options) == 1:
        raise UsageError(f"A choice needs at least two options, got one: '{options[0]}'. Repeat --options.")
    begin = time.perf_counter()
    shelf = shelf or Shelf()
    pointed = _pointed(store, models, text, videos[0], shelf) if len(videos) == 1 and not options else None
    asked = pointed.text if pointed else text
    hits = search(store, models, asked, videos=videos, k=HITS, shelf=shelf)
    passages = _weighed(store, text, _passages(store, videos, hits))
    if pointed:
        passages = _inside(passages, pointed)
    frames = None
    if models.answerer.looks:
        passages, frames = _looked_at(passages, hits)
    answer = models.answerer.answer(Question(asked, options=tuple(options)), passages, frames)
    answer = replace(answer, latency_ms=1000 * (time.perf_counter() - begin))
    store.add_query(
        text, kind="ask", models=models.model_ids, latency_ms=answer.latency_ms, evidence=answer.evidence,
        options=options, answer=answer.text, option=answer.option, score=answer.score, abstained=answer.abstained,
        reason=answer.reason, videos=videos,
    )  # fmt: skip
    return answer


def _looked_at(passages: Sequence[Evidence], hits: Sequence[Evidence]) -> tuple[list[Evidence], FrameBatch | None]:
    """The best hit's video: its passages, and the frames in the middle of its hits."""
    if not hits:
        return list(passages), None
    first = hits[0]
    times_s = [(h.start_s + h.end_s) / 2 for h in hits if h.video == first.video]
    frames = read_frames(first.path, Sampling.at(times_s[:LOOKS]), size_px=MODEL_SIZE_PX)
    return [p for p in passages if p.video == first.video], frames


def _passages(store: Store, videos: Sequence[str], hits: Sequence[Evidence]) -> list[Evidence]:
    """Captions and utterances to answer from; those inside a hit carry its score."""
    passages = store.passages(videos=videos)
    if len(passages) > WHOLE:
        passages = [p for p in passages if any(_overlap(p, hit) for hit in hits)]
    scored = []
    for passage in passages:
        score = max((hit.score for hit in hits if _overlap(passage, hit)), default=0.0)
        scored.append(replace(passage, score=score))
    return scored


def _pointed(store: Store, models: ModelSet, text: str, video: str, shelf: Shelf) -> Pointed | None:
    scores_of = partial(scores_over_time, store, models, video=video, shelf=shelf)
    return find_moment(text, scores_of, end_s=store.find_video(video).duration_s)


def _weighed(store: Store, text: str, passages: Sequence[Evidence]) -> list[Evidence]:
    """Passages with `parts` that show what each second has for it: content, coherence, and the question's words."""
    videos = {p.video for p in passages}
    stored = [store.find_video(video) for video in videos] if len(videos) == 1 else store.videos()
    weighed = rerank_with_question(passages, text, {v.id: v.duration_s for v in stored}, prior=load_prior())
    return sorted(weighed, key=lambda p: (p.video, p.start_s, p.end_s))


def _inside(passages: Sequence[Evidence], pointed: Pointed) -> list[Evidence]:
    """The passages whose middle lies in the seconds that are asked about; the nearest one where none does."""
    middles = [(p.start_s + p.end_s) / 2 for p in passages]
    inside = [p for p, t in zip(passages, middles, strict=True) if pointed.start_s <= t < pointed.end_s]
    if inside or not passages:
        return inside
    far = [max(pointed.start_s - t, t - pointed.end_s) for t in middles]
    return [p for p, d in zip(passages, far, strict=True) if d == min(far)]


def _overlap(a: Evidence, b: Evidence) -> bool:
    return a.video == b.video and a.start_s < b.end_s and b.start_s < a.end_s
