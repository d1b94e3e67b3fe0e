"""Several questions -> their answers, for an answerer that writes several replies at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from svqa.database import Store
from svqa.models.zoo import ModelSet
from svqa.pipeline.ask import checked, everything, kept
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Answer, Progress, Question


def ask_together(
    store: Store,
    models: ModelSet,
    asked: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    *,
    cache: SearchCache | None = None,
) -> list[Answer]:
    """Text, options and videos of each question -> the answers that `ask` gives to one by one.

    The replies are written together, so that a question's latency is its part of all. Every one is
    kept. For an answerer that weighs by itself (`reads_all`); raises as `ask` does.
    """
    begin = time.perf_counter()
    cache = cache or SearchCache()
    questions = [checked(text, options) for text, options, _ in asked]
    told = [
        everything(store, models, question, videos, cache)
        for question, (_, _, videos) in zip(questions, asked, strict=True)
    ]
    answers = models.answerer.answers(told)
    spent_ms = 1000 * (time.perf_counter() - begin) / max(1, len(asked))
    return [
        kept(store, models, question, videos, replace(answer, latency_ms=spent_ms))
        for question, (_, _, videos), answer in zip(questions, asked, answers, strict=True)
    ]


def ask_in_parts(
    library: Any, questions: Sequence[Question], progress: Progress | None = None
) -> list[Answer]:
    """`library`: a `Library`, which imports this; as many at a time as its answerer likes."""
    n = library.together
    answers: list[Answer] = []
    for part in (questions[i : i + n] for i in range(0, len(questions), n)):
        if len(part) == 1:
            (q,) = part
            answers.append(
                library.ask(q.text, video=q.video or None, options=q.options, progress=progress)
            )
            continue
        videos = [library.to_be_asked(q.video or None, progress) for q in part]
        asked = [(q.text, q.options, of) for q, of in zip(part, videos, strict=True)]
        answers += ask_together(library.store, library.models, asked, cache=library.cache)
    for answer in answers:
        answer.came_from(library)
    return answers
