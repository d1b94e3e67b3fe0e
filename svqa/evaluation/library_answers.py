"""Questions and a model set -> its answers from a library, several at once where that helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from svqa.errors import NotIngested, UsageError
from svqa.evaluation.model_inputs import input_of
from svqa.models.zoo import ModelSet
from svqa.records import Answer, Question
from svqa.settings import Settings

if TYPE_CHECKING:
    from svqa.database import Store
    from svqa.pipeline.library import Library


class SeveralAtOnce:
    """A function of one input that can be given several: questions alone are answered together."""

    def __init__(self, one: Callable[[Any], Any], models: ModelSet, store: Store | None):
        self.one, self.models, self.store = one, models, store
        self.together = models.answerer.together

    def __call__(self, given: Any) -> Any:
        return self.one(given)

    def several(self, inputs: Sequence[Any]) -> list[Any]:
        """-> an output an input. Raises what one of them raises."""
        questions = [input_of(given) for given in inputs]
        if self.store is None or not all(isinstance(q, Question) for q in questions):
            return [self.one(given) for given in inputs]
        library = _library(self.models, self.store)
        return library.ask_all(
            [replace(q, video=_taken_in(self.store, q.video)) for q in questions]
        )


def calls(
    model: Callable[[Any], Any], inputs: Sequence[Any]
) -> Iterator[tuple[Any, Exception | None, float]]:
    """-> `(output, error, milliseconds)` an input, several at once where the model takes them so.

    Where one of several fails, each of them is asked by itself, so that the others keep theirs.
    """
    size = model.together if isinstance(model, SeveralAtOnce) else 1
    for at in range(0, len(inputs), size):
        batch = inputs[at : at + size]
        if isinstance(model, SeveralAtOnce) and len(batch) > 1:
            begin, outputs = time.perf_counter(), []
            with suppress(Exception):  # which of them it was about is seen below
                outputs = model.several(batch)
            if outputs:
                yield from ((o, None, _milliseconds(o, begin, len(batch))) for o in outputs)
                continue
        for given in batch:
            begin = time.perf_counter()
            try:
                output = model(given)
            except Exception as error:  # whatever it is, the model's other outputs count
                yield None, error, 0.0
            else:
                yield output, None, _milliseconds(output, begin, 1)


def _milliseconds(output: Any, begin: float, n: int) -> float:
    told = output.latency_ms if isinstance(output, Answer) else 0.0
    return told or 1000 * (time.perf_counter() - begin) / n


def ask_of(models: ModelSet, store: Store | None, question: Question) -> Answer:
    """-> what a set answers from the library. Raises UsageError without one."""
    if store is None:
        raise UsageError(
            "A model set answers about a video through its database: give store=open_store(...)."
        )
    library = _library(models, store)
    if not question.video:
        return library.ask(question.text, options=question.options)
    video = _taken_in(store, question.video)
    return library.ask(question.text, video=video, options=question.options)


def _taken_in(store: Store, video: str) -> str:
    """-> the id of a video that was taken in before, however it was sampled; else its name."""
    try:
        return store.find_video(video).id if video else video
    except NotIngested:
        return video


def _library(models: ModelSet, store: Store) -> Library:
    from svqa.pipeline.library import Library

    return Library(store, models, Settings.load(database=store.url, models=models.name))
