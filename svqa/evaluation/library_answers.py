"""Questions and a model set -> its answers from a library, several at once where that helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def first_together(model: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    """-> the outputs of the first inputs, of a model that takes several at once.

    Nothing where it does not, or where one of them fails: then each is asked by itself.
    """
    if not isinstance(model, SeveralAtOnce):
        return []
    try:
        return model.several(inputs[: model.together])
    except Exception:
        return []


def ask_of(models: ModelSet, store: Store | None, question: Question) -> Answer:
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
