"""Calls of several films to one model -> one call: batches across films.

Films that are taken in by threads of one process share its models. While a model is at work, those
who want something of it gather, and the next call is for all of them that ask the same of it; where
it is idle, who comes first waits a moment for the others. One call of a model runs at a time, so it
need not be made for threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from svqa.models.zoo import ModelSet
from svqa.records import Caption, Detection, FrameBatch, Segment, TextLine, Transcript, Waveform

WAIT_S = 0.003  # for other films, where there are any
MOST = 128  # pictures, texts or sounds of several films in one call; a film's own may be more


class Stopped(BaseException):
    """The films are let go. Not an Exception: those are reported as what is wrong with a film."""


@dataclass
class Films:
    """The films that are being taken in: how many, and whether they are to end."""

    at_work: int = 0
    stopping: bool = False

    def check(self) -> None:
        """Raises Stopped where they are to end."""
        if self.stopping:
            raise Stopped


@dataclass(eq=False)
class _Part:
    """What one film asks; parts of one kind can be asked at once."""

    given: Any
    kind: Hashable
    size: int
    answer: Future[Any] = field(default_factory=Future)


class ModelTurns:
    """The calls of one model, from whichever threads: one at a time, those of a kind together."""

    def __init__(self, films: Films):
        self._films = films
        self._changed = threading.Condition()
        self._waiting: list[_Part] = []
        self._busy = False

    def ask(
        self,
        together: Callable[[list[Any]], Sequence[Any]],
        given: Any,
        *,
        kind: Hashable,
        size: int,
    ) -> Any:
        """`together` has one answer for each of the parts in its list -> that for `given`.

        What it raises for `given` alone is raised here, and nothing that is another part's fault.
        """
        part = _Part(given, kind, size)
        with self._changed:
            self._waiting.append(part)
            self._changed.notify_all()
            self._changed.wait_for(lambda: part.answer.done() or not self._busy)
            if part.answer.done():
                return part.answer.result()
            if self._films.stopping:
                self._waiting.remove(part)
                raise Stopped
            self._busy = True
            self._changed.wait_for(lambda: self._all_here(kind), WAIT_S)
            parts = self._take(part)
        try:
            _answer(together, parts)
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
        return part.answer.result()

    def _all_here(self, kind: Hashable) -> bool:
        sizes = [part.size for part in self._waiting if part.kind == kind]
        return len(sizes) >= self._films.at_work or sum(sizes) >= MOST

    def _take(self, first: _Part) -> list[_Part]:
        """-> `first`, and those of its kind that fit beside it; they wait no longer."""
        parts, room = [first], MOST - first.size
        for other in self._waiting:
            if other is not first and other.kind == first.kind and other.size <= room:
                parts.append(other)
                room -= other.size
        self._waiting = [part for part in self._waiting if part not in parts]
        return parts


def _answer(together: Callable[[list[Any]], Sequence[Any]], parts: list[_Part]) -> None:
    """Give each part its answer, or its error: one by one where all at once went wrong."""
    if len(parts) > 1:
        try:
            answered = [*zip(parts, together([part.given for part in parts]), strict=True)]
        except BaseException:  # of one of them, or there was not the memory for all
            answered = []
        for part, answer in answered:
            part.answer.set_result(answer)
    for part in [part for part in parts if not part.answer.done()]:
        try:
            (answer,) = together([part.given])
        except BaseException as error:
            part.answer.set_exception(error)
        else:
            part.answer.set_result(answer)


class SharedModel:
    """A model of any role as several films use it: its results are those of its own methods.

    A row may differ in its last digits from that of a film by itself, because batches differ.
    """

    def __init__(self, model: Any, films: Films):
        self._model, self._turns = model, ModelTurns(films)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)  # model_id, dim, labels

    def encode_frames(self, pixels: np.ndarray) -> np.ndarray:
        """Joined where pictures have one size."""
        call = partial(_rows, self._model.encode_frames, np.concatenate)
        return self._turns.ask(call, pixels, kind=("frames", pixels.shape[1:]), size=len(pixels))

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Joined."""
        call = partial(_rows, self._model.encode_text, _chained)
        return self._turns.ask(call, texts, kind="texts", size=len(texts))

    def encode_sound(self, sounds: Sequence[Waveform]) -> np.ndarray:
        """Joined."""
        call = partial(_rows, self._model.encode_sound, _chained)
        return self._turns.ask(call, sounds, kind="sounds", size=len(sounds))

    def detect(self, frames: FrameBatch) -> list[Detection]:
        """Joined where pictures have one size."""
        kind = ("boxes", frames.pixels.shape[1:])
        call = partial(_boxes, self._model.detect)
        return self._turns.ask(call, frames, kind=kind, size=len(frames))

    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """Joined as the captioner does it."""
        given, size = (frames, segments), len(segments)
        return self._turns.ask(self._model.captions, given, kind="captions", size=size)

    def read(self, pixels: np.ndarray) -> list[TextLine]:
        """A picture at a time."""
        return self._alone(self._model.read, pixels)

    def hear(self, sound: Waveform) -> Transcript:
        """A sound at a time."""
        return self._alone(self._model.hear, sound)

    def _alone(self, call: Callable[[Any], Any], given: Any) -> Any:
        return self._turns.ask(lambda parts: [call(*parts)], given, kind=object(), size=MOST)


class SharedModels(ModelSet):
    """A model set as several films use it at once: a model is loaded once, by who asks first."""

    def __init__(self, models: ModelSet):
        super().__init__(models.name, models._specs, device=models.device)
        self.films = Films()
        self._models, self._loading = models, threading.RLock()

    def _member(self, role: str) -> Any:
        with self._loading:
            if role not in self._made:
                model = self._models._member(role)
                self._made[role] = None if model is None else SharedModel(model, self.films)
            return self._made[role]


def _rows(
    encode: Callable[[Any], np.ndarray], join: Callable[[list[Any]], Any], parts: list[Any]
) -> list[np.ndarray]:
    """What several films give -> for each film the rows (N, dim) of its own."""
    if len(parts) == 1:
        return [encode(parts[0])]
    rows = encode(join(parts))
    ends = np.cumsum([len(part) for part in parts])
    if len(rows) != ends[-1]:
        raise ValueError(f"expected a row for each of {ends[-1]}, got {len(rows)}")
    return np.split(rows, ends[:-1])


def _chained(parts: list[Sequence[Any]]) -> list[Any]:
    return [item for part in parts for item in part]


def _boxes(
    detect: Callable[[FrameBatch], list[Detection]], parts: list[FrameBatch]
) -> list[list[Detection]]:
    """Frames of several films -> for each film its boxes."""
    if len(parts) == 1:
        return [detect(parts[0])]
    owners = [(film, t_s) for film, part in enumerate(parts) for t_s in part.t_s.tolist()]
    # numbered: films have frames of the same seconds
    numbered = FrameBatch(np.concatenate([part.pixels for part in parts]), np.arange(len(owners)))
    found: list[list[Detection]] = [[] for _ in parts]
    for box in detect(numbered):
        film, t_s = owners[round(box.t_s)]
        found[film].append(replace(box, t_s=t_s))
    return found
