"""A name -> a model to call on an input.

What was registered, the model sets, the versions that training stored.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.database.stored_records import StoredVersion
from svqa.errors import ModelError, UnknownModel, UsageError, unknown_name
from svqa.evaluation.library_answers import SeveralAtOnce, ask_of
from svqa.evaluation.model_inputs import by_name, input_of
from svqa.evaluation.model_names import goes_by, version_of, with_answerer
from svqa.models.base import Answerer, Captioner, Detector, Encoder, TextEncoder, Transcriber
from svqa.models.zoo import ModelSet, known_sets, load_set
from svqa.records import Evidence, FrameBatch, Question, Segment
from svqa.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    from svqa.database import Store


class ModelType(StrEnum):
    """What a model does; the value is what the database keeps."""

    VQA = "vqa"
    CAPTIONING = "captioning"
    DETECTION = "detection"
    EMBEDDING = "embedding"
    TRANSCRIPTION = "transcription"


ROLES = {
    ModelType.VQA: "answerer",
    ModelType.CAPTIONING: "captioner",
    ModelType.DETECTION: "detector",
    ModelType.EMBEDDING: "encoder",
    ModelType.TRANSCRIPTION: "transcriber",
}
_WHOLE_MODELS = {  # what a folder that training wrote can be read as
    ModelType.VQA: "svqa.models.blip:BlipAnswerer",
    ModelType.CAPTIONING: "svqa.models.blip:BlipCaptioner",
    ModelType.DETECTION: "svqa.models.yolo:YoloDetector",
    ModelType.EMBEDDING: "svqa.models.clip:ClipEncoder",
}


class ModelRegistry:
    """Models by type and name; a model is made when it is first used, and then kept.

    An input is what the type is about: a `Question` or `(question, passages[, frames])` for VQA, a
    `FrameBatch` for captions and boxes, a `FrameBatch` or a sentence for vectors, a `Waveform` for
    speech. It may be a dictionary of these by name: `question` (text or `Question`), `options`,
    `video`, `image` (a path, a PIL image or (H, W, 3) uint8), `frames`, `text`, `sound`. A
    registered function gets an input as it is, a dictionary's values by name where it takes them.

    >>> registry = ModelRegistry()
    >>> registry.register_model(ModelType.VQA, "always yes", lambda question: "yes")
    >>> registry.load(ModelType.VQA, "always yes")("Is there a dog?")
    'yes'
    """

    def __init__(self) -> None:
        self._makers: dict[tuple[ModelType, str], Callable[[], Any]] = {}
        self._made: dict[tuple[ModelType, str], Any] = {}
        self._sets: dict[str, ModelSet] = {}
        self._load_version: Callable[[StoredVersion], Any] = load_whole_version

    def register_model(
        self,
        model_type: ModelType | str,
        name: str,
        model_fn: Callable | str | None = None,
        *,
        factory: Callable | None = None,
    ) -> None:
        """Give a model a name; nothing is loaded before its first use.

        A name that was registered before is replaced.

        `model_fn`: a function of one input; or a model class (or `module:Class`), made by its
        `from_pretrained()` where it has one. `factory`: a function of nothing that gives the model,
        for one that must be told what to read.
        """
        key = (_type(model_type), name)
        if (model_fn is None) == (factory is None):
            raise UsageError(f"Register '{name}' with a model_fn or with a factory: one of them.")
        if not callable(factory or model_fn) and not isinstance(model_fn, str):
            raise UsageError(
                f"'{name}' must be a function, a class or 'module:Class', got "
                f"{type(model_fn).__name__}."
            )
        self._makers[key] = factory or partial(_made_from, model_fn)
        self._made.pop(key, None)

    def use_version_loader(self, load: Callable[[StoredVersion], Any]) -> None:
        """How a stored version becomes a model.

        Without it, only versions stored as a whole model can be loaded.
        """
        self._load_version = load

    def names(self, model_type: ModelType | str, *, store: Store | None = None) -> tuple[str, ...]:
        """What there is of a type, by name.

        Registered, then model sets, then (with a `Store`) versions as `name:number`.
        """
        model_type = _type(model_type)
        own = self.registered(model_type)
        sets = [name for name in known_sets() if ROLES[model_type] in load_set(name).model_ids]
        versions = store.model_versions() if store is not None else []
        stored = [f"{v.name}:{v.number}" for v in versions if _type_of(v) is model_type]
        return tuple(dict.fromkeys([*own, *sets, *stored]))

    def registered(self, model_type: ModelType | str) -> tuple[str, ...]:
        """What was registered of a type, by name."""
        return tuple(name for kind, name in self._makers if kind is _type(model_type))

    def check(
        self, names: Sequence[str], model_type: ModelType | str, *, store: Store | None = None
    ) -> None:
        """Raises UnknownModel, which lists the known ones, where one of the names is not known.

        Nothing is loaded: all names are checked before the first model works.
        """
        known = self.names(model_type, store=store)
        for name in names:
            if name not in known and not goes_by(name, ROLES[_type(model_type)], store):
                kind = _type(model_type).value
                raise UnknownModel(unknown_name(f"{kind} model", name, known))

    def load(
        self,
        model_type: ModelType | str,
        name: str,
        *,
        store: Store | None = None,
        within: str | None = None,
    ) -> Callable[[Any], Any]:
        """-> a function of one input.

        A model set answers a `Question` from `store`, where its video is ingested first; a version
        and any other answerer from what the set `within` (or that of the settings) finds there.

        Raises UnknownModel, which lists the known ones, and what loading the model raises.
        """
        model_type = _type(model_type)
        self.check([name], model_type, store=store)
        key = (model_type, name)
        if key in self._makers:
            if key not in self._made:
                self._made[key] = self._makers[key]()
            return _function(self._made[key])
        if name in known_sets():
            models = self._sets.setdefault(name, load_set(name))
            return self._set_function(model_type, models, store)
        assert store is not None  # where else a version's name would be known from
        version = version_of(name, store)
        if version is None or version.settings.get("reads"):
            return self._set_function(model_type, with_answerer(name, store, within), store)
        model = self._load_version(version)
        if model_type is not ModelType.VQA or not isinstance(model, Answerer):
            return _function(model)
        # it is shown what the answerer of the set is shown, and not what it would open by itself
        models = load_set(within or Settings.load(database=store.url).models)
        return self._set_function(model_type, models.given("answerer", model), store)

    def _set_function(
        self, model_type: ModelType, models: ModelSet, store: Store | None
    ) -> Callable[[Any], Any]:
        direct = _function(getattr(models, ROLES[model_type]))
        if model_type is not ModelType.VQA:
            return direct

        def answer(given: Any) -> Any:
            given = input_of(given)
            if isinstance(given, Question):
                return ask_of(models, store, given)
            return direct(_with_captions(models, given))

        if models.answerer.together > 1:
            return SeveralAtOnce(answer, models, store)
        return answer


def load_whole_version(version: StoredVersion) -> Any:
    """-> the model of a version that was stored as a whole model.

    Raises ModelError for one that is an adapter.
    """
    folder = Path(version.adapter_path)
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{version.name}:{version.number} is an adapter to {version.base_id} (or gone from "
            f"{folder}): merge it into a whole model first, or tell the registry how to load it "
            "with use_version_loader()."
        )
    return _named(_WHOLE_MODELS[_type_of(version)]).from_pretrained(str(folder))


def _with_captions(models: ModelSet, given: tuple) -> tuple:
    """Frames beside a question, for an answerer that reads -> what the set's captioner says."""
    question, passages, *frames = given
    answerer = models.answerer
    if answerer is None or answerer.needs_frames or passages or not frames:
        return given
    said = models.captioner.caption(frames[0], [_span(frames[0])])
    video = question.video
    read = [Evidence(video, video, c.start_s, c.end_s, c.score, "caption", c.text) for c in said]
    return question, read, *frames


def _function(model: Any) -> Callable[[Any], Any]:
    """-> what calls a model of `svqa.models.base` on one input.

    Anything else that can be called is taken as it is.
    """
    match model:
        case Answerer():
            return lambda given: model.answer(*_with(input_of(given), lambda _: []))
        case Captioner():
            return lambda given: model.caption(*_with(input_of(given), lambda f: [_span(f)]))
        case Detector():
            return lambda given: model.detect(input_of(given))
        case Encoder():
            return lambda given: _encoded(model, input_of(given))
        case TextEncoder():
            return lambda given: model.encode_text([input_of(given)])[0]
        case Transcriber():
            return lambda given: model.transcribe(input_of(given))
    if not callable(model):
        raise ModelError(
            f"{type(model).__name__} cannot be called, nor is it a model of svqa.models.base."
        )
    return by_name(model)


def _with(given: Any, second: Callable[[Any], list]) -> tuple:
    """`(given, second(given))`, or `given` where it is a tuple that has its own."""
    return given if isinstance(given, tuple) else (given, second(given))


def _made_from(model_fn: Callable | str | None) -> Any:
    made = _named(model_fn) if isinstance(model_fn, str) else model_fn
    if not isinstance(made, type):
        return made
    return made.from_pretrained() if hasattr(made, "from_pretrained") else made()


def _named(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _type(model_type: ModelType | str) -> ModelType:
    try:
        return ModelType(model_type)
    except ValueError:
        raise UsageError(
            unknown_name("model type", str(model_type), [t.value for t in ModelType])
        ) from None


def _type_of(version: StoredVersion) -> ModelType:
    return _type(version.settings.get("model_type", ModelType.VQA))


def _span(frames: FrameBatch) -> Segment:
    return Segment(float(frames.t_s[0]), float(frames.t_s[-1]) + 1e-3)


def _encoded(model: Encoder, given: Any) -> np.ndarray:
    if isinstance(given, str):
        return model.encode_text([given])[0]
    return model.encode_frames(given.pixels if isinstance(given, FrameBatch) else given)


model_registry = ModelRegistry()
