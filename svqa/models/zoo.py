"""A name -> a set of models that work together.

What it is made of, on which terms, and whether it is on this machine.

Nothing is imported before its use; the sets are rows of `model_sets.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from svqa.errors import ModelError, UnknownModel, unknown_name
from svqa.models.model_plugins import registered
from svqa.models.model_sets import MODEL_SETS, NAMED, ROLES, ModelSpec
from svqa.models.pretrained import device_for, installed, locate, weight_files
from svqa.models.weights import WEIGHTS, verified

if TYPE_CHECKING:
    from svqa.models.base import (
        Answerer,
        Captioner,
        Detector,
        Encoder,
        SoundEncoder,
        TextEncoder,
        TextReader,
        Transcriber,
    )


@dataclass(frozen=True)
class ModelFacts:
    """A row of `svqa models list`: one member of one set.

    `size_bytes`, `source` (a package, a folder or a repository) and `sha256` are those of the files
    it reads itself; a model that is built on others of its set reads none, and has None there.
    """

    set: str
    role: str
    name: str
    licence: str
    source: str
    size_bytes: int | None
    sha256: dict[str, str]
    available: bool


class ModelSet:
    """The models of one set: each is loaded when it is first used, and then kept.

    A set may lack a detector or a transcriber; that is None. Without one of the others nothing can
    be taken in, found or answered: asking for it raises ModelError.

    >>> models = load_set("offline")
    >>> models.encoder.encode_text(["a bear"]).shape
    (1, 384)
    """

    def __init__(self, name: str, specs: Mapping[str, ModelSpec], *, device: str = "cpu"):
        self.name = name
        self.device = device
        self._specs = dict(specs)
        self._made: dict[str, object] = {}

    def __repr__(self) -> str:
        return (
            f"ModelSet({self.name!r}, "
            f"{', '.join(f'{role}={name}' for role, name in self.model_ids.items())})"
        )

    @property
    def model_ids(self) -> dict[str, str]:
        """{role: model_id}, without loading anything.

        A pulled model's id has its commit, known once it was pulled.
        """
        return {role: _installed_id(self._specs[role]) for role in ROLES if role in self._specs}

    @cached_property
    def encoder(self) -> Encoder:
        """Frames and queries -> vectors of one space."""
        return self._needed("encoder")

    @cached_property
    def sentences(self) -> TextEncoder:
        """Captions and utterances -> vectors.

        The encoder reads them where the set has no model for sentences alone.
        """
        return self._member("sentences") or self.encoder

    @cached_property
    def captioner(self) -> Captioner:
        """Segments -> sentences."""
        return self._needed("captioner")

    @cached_property
    def detector(self) -> Detector | None:
        """Frames -> boxes."""
        return self._member("detector")

    @cached_property
    def reader(self) -> TextReader | None:
        """Pictures -> lines of text."""
        return self._member("reader")

    @cached_property
    def transcriber(self) -> Transcriber | None:
        """Sound -> words."""
        return self._member("transcriber")

    @cached_property
    def sounds(self) -> SoundEncoder:
        """Stretches of sound -> vectors."""
        return self._needed("sounds")

    @cached_property
    def answerer(self) -> Answerer:
        """Question and evidence -> answer."""
        return self._needed("answerer")

    def weight_bytes(self, *, without: Iterable[str] = ()) -> int:
        """What the models of its roles read, each file once, so far as it is on this machine."""
        return sum(weight_files(self._specs, set(ROLES) - set(without)).values())

    def missing(self, role: str) -> str:
        """-> the package that brings what a role needs and this machine lacks; "" if all is there.

        >>> load_set("offline").missing("reader")
        ''
        """
        spec = self._specs.get(role)
        if spec is None:
            return ""
        files = [file for name in spec.weights for file in WEIGHTS[name].files.values()]
        lost = (file.distribution for file in files if not file.available)
        return next(lost, "") or next(filter(None, map(self.missing, spec.parts)), "")

    def replaced(self, specs: Mapping[str, ModelSpec]) -> ModelSet:
        """-> the set with these roles filled otherwise; nothing is loaded."""
        return ModelSet(self.name, {**self._specs, **specs}, device=self.device)

    def given(self, role: str, model: Any) -> ModelSet:
        """-> the set with a role filled by a model that is made already."""
        made = self.replaced({role: ModelSpec(model.model_id, "")})
        made._made[role] = model
        return made

    def _needed(self, role: str) -> Any:
        found = self._member(role)
        if found is None:
            raise ModelError(f"The set {self.name!r} has no {role}. See: svqa models list")
        return found

    def _member(self, role: str) -> Any:
        if role not in self._specs:
            return None
        if role not in self._made:
            spec = self._specs[role]
            module, _, name = spec.target.partition(":")
            kind = getattr(importlib.import_module(module), name)
            if spec.given is not None:
                make = getattr(kind, "from_given", kind)
                self._made[role] = make(spec.given, device=device_for(kind, self.device))
            elif spec.parts:
                self._made[role] = kind(*(self._member(part) for part in spec.parts))
            else:
                self._made[role] = kind.from_pretrained(
                    spec.source, revision=spec.revision, device=device_for(kind, self.device)
                )
        return self._made[role]


def load_set(name: str, *, device: str = "cpu") -> ModelSet:
    """The set called `name`; members are loaded one by one, when used.

    UnknownModel lists the known ones.
    """
    return ModelSet(name, _specs(name), device=device)


def member(of: tuple[str, str], *, device: str = "cpu") -> Any:
    """The member of a set, by the set's name and its own: made within that set."""
    return load_set(of[0], device=device)._member(of[1])


def known_sets() -> tuple[str, ...]:
    """The names of the sets."""
    return tuple(sorted(MODEL_SETS))


def describe(name: str) -> tuple[ModelFacts, ...]:
    """Facts about every model of a set, or about one model by its id.

    Nothing is loaded or hashed.
    """
    if name in MODEL_SETS:
        return tuple(_facts(name, role, spec) for role, spec in MODEL_SETS[name].items())
    if name in NAMED:
        return tuple(facts for facts in named_models() if facts.name == name)
    rows = tuple(
        _facts(s, role, spec)
        for s, specs in MODEL_SETS.items()
        for role, spec in specs.items()
        if name in (spec.model_id, spec.model_id.split("@")[0])
    )
    if not rows:
        ids = {spec.model_id for specs in MODEL_SETS.values() for spec in specs.values()}
        raise UnknownModel(unknown_name("model or model set", name, [*MODEL_SETS, *NAMED, *ids]))
    return rows


def named_models() -> tuple[ModelFacts, ...]:
    """Facts about the models of no set, each under the name by which it takes its role."""
    return tuple(
        replace(_facts("-", role, spec), name=name) for name, (role, spec) in sorted(NAMED.items())
    )


def added_models() -> tuple[ModelFacts, ...]:
    """Facts about the models that packages beside svqa add; their roles are known on import."""
    return tuple(
        ModelFacts(
            "added",
            "-",
            name,
            licence=(point.dist and point.dist.metadata["License-Expression"]) or "",
            source=point.dist.name if point.dist else point.value,
            size_bytes=None,
            sha256={},
            available=True,
        )
        for name, point in sorted(registered().items())
    )


def verify(name: str) -> None:
    """Read every weight file of a set and compare checksums.

    Raises WeightsMissing or WeightsCorrupt.
    """
    for spec in _specs(name).values():
        for weights in spec.weights:
            verified(weights)
        if spec.source:
            locate(spec.source, revision=spec.revision)


def _specs(name: str) -> dict[str, ModelSpec]:
    if name not in MODEL_SETS:
        raise UnknownModel(unknown_name("model set", name, MODEL_SETS))
    return MODEL_SETS[name]


def _installed_id(spec: ModelSpec) -> str:
    found = installed(spec.source) if spec.source else None
    return found.model_id if found else spec.model_id


def _facts_of_source(set_name: str, role: str, spec: ModelSpec, source: str) -> ModelFacts:
    """Of a checkpoint in a folder or pulled from the hub, by what was written down about it."""
    found = installed(source)
    files = found.files if found else {}
    return ModelFacts(
        set_name,
        role,
        found.model_id if found else spec.model_id,
        licence=spec.licence,
        source=source,
        size_bytes=(found and found.size_bytes) or None,
        sha256=dict(files),
        available=found is not None,
    )


def _facts(set_name: str, role: str, spec: ModelSpec) -> ModelFacts:
    if spec.source and not spec.weights:
        return _facts_of_source(set_name, role, spec, spec.source)
    weights = [WEIGHTS[name] for name in spec.weights]
    files = {short: file for w in weights for short, file in w.files.items()}
    parts = [_facts(set_name, part, MODEL_SETS[set_name][part]) for part in spec.parts]
    packages = dict.fromkeys(file.distribution for file in files.values())
    return ModelFacts(
        set_name,
        role,
        spec.model_id,
        licence=spec.licence
        or ", ".join(dict.fromkeys(f.licence for f in files.values()))
        or "AGPL-3.0-or-later",
        source=", ".join(packages) or " + ".join(spec.parts) or spec.source or "svqa",
        size_bytes=sum(w.size_bytes for w in weights) or None,
        sha256={short: file.sha256 for short, file in files.items()},
        available=all(w.available for w in weights) and all(part.available for part in parts),
    )
