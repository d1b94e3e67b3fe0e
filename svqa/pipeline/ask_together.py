"""Several questions -> their answers, for an answerer that writes several replies at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from svqa.database import Store
from svqa.models.zoo import ModelSet
from svqa.pipeline.ask import checked, everything, kept
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Answer


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
