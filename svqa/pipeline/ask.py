"""A question -> an answer with the seconds it rests on, kept in the audit trail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from svqa.answering.citations import clock, clock_span
from svqa.answering.evidence import NOT_FOUND
from svqa.answering.question_scope import TimeScope, find_time_scope
from svqa.database import Store
from svqa.errors import UsageError
from svqa.language.question_parser import asks_about_speech, asks_beyond_names, plain
from svqa.models.zoo import ModelSet
from svqa.pipeline.box_answers import from_coloured_text, from_events, from_sightings, things_seen
from svqa.pipeline.frame_selection import frames_of, frames_to_show
from svqa.pipeline.question_evidence import (
    HITS,
    belongs,
    cut_to,
    found_beside,
    inside,
    read_passages_of,
    stretches_within,
    with_parts,
)
from svqa.pipeline.search import scores_over_time, search
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Answer, Evidence, FrameBatch, Question
from svqa.temporal.prior import load_prior
from svqa.temporal.rerank import rerank_with_question

MOST_VIDEOS = 5  # of a library, in which a thing that is asked for is looked for
_WHICH_VIDEO = re.compile(
    r"(?:(?:which|what|in which|in what) (?:video|clip|film|movie|recording)s? "
    r"(?:shows?|has|have|contains?|(?:can|do|does) (?:i|we|you|one) (?:see|find)|(?:is|are) there)|"
    r"where (?:can|do|could) (?:i|we|you|one) (?:see|find)) (?P<thing>.+)"
)
_BEYOND = (
    "What is done, where, and how it sounds no model of the set {} tells; a set whose captions "
    "do could: svqa models list"
)


def ask(
    store: Store,
    models: ModelSet,
    text: str,
    *,
    videos: Sequence[str],
    options: Sequence[str] = (),
    cache: SearchCache | None = None,
) -> Answer:
    """Answer `text` from `videos` (ids), choosing among `options` if there are any.

    Abstains where nothing supports it.

    About one video, an open question that says when ("at the end", "after the ball falls") is
    answered from those seconds only; options are weighed on the whole video, where a prior on time
    gained nothing (`experiments/nextqa_ablation/result.json`). Where the answerer looks at frames,
    a question about one video that asks when, what came first, what changed, which way or how often
    is told by its boxes, where these tell it (`model_id` says so). The evidence's `parts` show
    content, coherence and prior of its seconds. Raises UsageError on an empty question or a single
    option. Every call is kept: question, answer, evidence, latency, models; a database that can
    only be read keeps none.
    """
    begin = time.perf_counter()
    question = checked(text, options)
    answer = _way_of(models)(store, models, question, videos, cache or SearchCache())
    answer = replace(answer, latency_ms=1000 * (time.perf_counter() - begin))
    return kept(store, models, question, videos, answer)


def checked(text: str, options: Sequence[str]) -> Question:
    """Raises UsageError on an empty question or a single option."""
    if not text.strip():
        raise UsageError(
            "A question needs words, got an empty text. Try: svqa ask 'What animal is "
            "this?' --video FILE"
        )
    if len(options) == 1:
        raise UsageError(
            f"A choice needs at least two options, got one: '{options[0]}'. Repeat --options."
        )
    return Question(text, options=tuple(options))


def kept(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], answer: Answer
) -> Answer:
    """-> the answer with its number in the audit trail, where one can be written."""
    if store.read_only:
        return answer
    number = store.add_query(
        question.text,
        kind="ask",
        models={**models.model_ids, "answerer": answer.model_id},
        latency_ms=answer.latency_ms,
        evidence=answer.evidence,
        options=question.options,
        answer=answer.text,
        option=answer.option,
        score=answer.score,
        abstained=answer.abstained,
        reason=answer.reason,
        videos=videos,
        usage=answer.usage,
    )
    return replace(answer, number=number)


def _way_of(models: ModelSet) -> Callable[..., Answer]:
    if models.answerer.reads_all:
        return _from_everything
    return _from_pictures if models.answerer.needs_frames else _from_words


def _from_words(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], cache: SearchCache
) -> Answer:
    """For an answerer that reads: what boxes say, else what was written, said and read.

    Passages are weighed by the segments that fit.
    """
    which = _WHICH_VIDEO.match(plain(question.text)) if len(videos) > 1 else None
    if which and not question.options:
        return _which_video(store, models, which["thing"], videos, cache)
    scope = _time_scope(store, models, question, videos, cache)
    asked = scope.text if scope else question.text
    alone = len(videos) == 1 and not question.options
    if alone and (read := from_coloured_text(store, question, videos[0])) is not None:
        return read
    seen = from_sightings(store, models, question, videos[0], scope) if alone else None
    if seen is not None and seen[1]:
        return seen[0]
    if alone and scope is None and (event := from_events(store, question, videos[0])):
        return event
    hits = search(store, models, asked, videos=videos, k=HITS, cache=cache)
    passages = read_passages_of(store, models, asked, videos, hits, cache)
    told = inside(_weighed(store, question.text, passages), scope)
    if alone:
        things = cut_to([e for e in things_seen(store, videos[0]) if belongs(e, scope)], scope)
        told += with_parts(things, _weighed(store, question.text, found_beside(things, hits)))
    answer = models.answerer.answer(replace(question, text=asked), told)
    if not answer.abstained:
        return answer
    reasons = [seen[0].reason] if seen is not None else []
    reasons.append(answer.reason)
    if asks_about_speech(asked):
        reasons += [store.find_video(videos[0]).note] if alone else []
    elif asks_beyond_names(asked):
        reasons.append(_BEYOND.format(models.name))
    return replace(answer, reason=" ".join(filter(None, reasons)))


def _from_everything(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], cache: SearchCache
) -> Answer:
    """For an answerer that weighs by itself: all lines and frames; the question stays as asked."""
    return models.answerer.answer(*everything(store, models, question, videos, cache))


def everything(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], cache: SearchCache
) -> tuple[Question, list[Evidence], FrameBatch | None]:
    """-> what an answerer that weighs by itself is called with."""
    looks = models.answerer.needs_frames
    shown = shown_about(store, models, question, videos, looks=looks, cache=cache)
    frames = frames_of(store, shown.video, shown.times_s) if shown.times_s else None
    return question, shown.lines, frames


@dataclass(frozen=True)
class Shown:
    """What an answerer that weighs by itself is given: lines, and whose frames at which seconds."""

    lines: list[Evidence]
    video: str = ""
    times_s: tuple[float, ...] = ()


def shown_about(
    store: Store,
    models: ModelSet,
    question: Question,
    videos: Sequence[str],
    *,
    looks: bool = False,
    cache: SearchCache | None = None,
) -> Shown:
    """-> what `ask` gives an answerer which weighs by itself, and what training takes.

    With frames for one that `looks`.
    """
    cache = cache or SearchCache()
    scope = _time_scope(store, models, question, videos, cache)
    asked = scope.text if scope else question.text
    hits = search(store, models, asked, videos=videos, k=HITS, cache=cache)
    told = _all_lines(store, models, asked, videos, hits, scope, cache)
    if not looks or not hits:
        return Shown(told)
    stretches = stretches_within([hit for hit in hits if hit.video == hits[0].video], scope)
    shown = frames_to_show(store, models, asked, stretches, cache=cache)
    told += [replace(e, text="") for e in shown.values()]  # they say whose frames these are
    return Shown(told, hits[0].video, tuple(shown))


def _all_lines(
    store: Store,
    models: ModelSet,
    asked: str,
    videos: Sequence[str],
    hits: Sequence[Evidence],
    scope: TimeScope | None,
    cache: SearchCache,
) -> list[Evidence]:
    """What was written, said, read and shown in the seconds that a question points at."""
    told = inside(read_passages_of(store, models, asked, videos, hits, cache), scope)
    for video in list(dict.fromkeys(hit.video for hit in hits))[:MOST_VIDEOS]:
        seen = cut_to([e for e in things_seen(store, video) if belongs(e, scope)], scope)
        found = zip(seen, found_beside(seen, hits), strict=True)
        told += [replace(near, score=e.score * near.score) for e, near in found]
    return told


def _which_video(
    store: Store, models: ModelSet, thing: str, videos: Sequence[str], cache: SearchCache
) -> Answer:
    """The videos that surely show a thing, of those that a search names, surest first."""
    hits = search(store, models, thing, videos=videos, k=HITS, cache=cache)
    shown = []
    for video in list(dict.fromkeys(hit.video for hit in hits))[:MOST_VIDEOS]:
        seen = _from_words(store, models, Question(f"Is there {thing}?"), [video], cache)
        if seen.text.startswith("yes") and not seen.abstained and seen.evidence:
            shown.append(seen)
    shown.sort(key=lambda answer: -answer.score)
    if not shown:
        reason = f'No video is sure to show "{thing}".'
        if hits:
            near = f"{clock(hits[0].start_s, hits[0].end_s)} of {Path(hits[0].path).name}"
            reason += f" The closest moment is {near}."
        return Answer(NOT_FOUND, 0.0, models.answerer.model_id, abstained=True, reason=reason)
    named = [f"{Path(a.evidence[0].path).name}, at {clock_span(a.evidence)}" for a in shown]
    evidence = tuple(e for answer in shown for e in answer.evidence)
    return replace(shown[0], text="; ".join(named), evidence=evidence)


def _from_pictures(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], cache: SearchCache
) -> Answer:
    """For an answerer that looks: the best frames of the best hit's video.

    What single frames cannot tell, boxes do.
    """
    if len(videos) == 1 and (told := from_events(store, question, videos[0])):
        return told
    scope = _time_scope(store, models, question, videos, cache)
    asked = scope.text if scope else question.text
    hits = search(store, models, asked, videos=videos, k=HITS, cache=cache)
    stretches = stretches_within([hit for hit in hits if hit.video == hits[0].video], scope)
    shown = frames_to_show(store, models, asked, stretches, cache=cache)
    frames = frames_of(store, hits[0].video, list(shown)) if shown else None
    passages = list(shown.values())
    passages = with_parts(passages, _weighed(store, question.text, passages))
    return models.answerer.answer(replace(question, text=asked), passages, frames)


def _time_scope(
    store: Store, models: ModelSet, question: Question, videos: Sequence[str], cache: SearchCache
) -> TimeScope | None:
    """The seconds that an open question about one video points at."""
    if len(videos) != 1 or question.options:
        return None
    scores_of = partial(scores_over_time, store, models, video=videos[0], cache=cache)
    end_s = store.find_video(videos[0]).duration_s
    cuts_s = [shot.start_s for shot in store.shots(videos[0]) if shot.start_s > 0]
    return find_time_scope(question.text, scores_of, end_s=end_s, cuts_s=cuts_s)


def _weighed(store: Store, text: str, passages: Sequence[Evidence]) -> list[Evidence]:
    """Passages with `parts` that show what each second has for it.

    Content, coherence, and the question's words.
    """
    videos = {p.video for p in passages}
    stored = [store.find_video(video) for video in videos] if len(videos) == 1 else store.videos()
    weighed = rerank_with_question(
        passages, text, {v.id: v.duration_s for v in stored}, prior=load_prior()
    )
    return sorted(weighed, key=lambda p: (p.video, p.start_s, p.end_s))
