"""Packages that were installed beside svqa -> the models they add, by name.

A package names a class of its own in its entry points: group `svqa.models`, any name. The class is
one of `svqa.models.base`, or a `ChatModel`, and is imported when a role is filled with that name.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from svqa.errors import ModelError, UsageError
from svqa.models import base
from svqa.models.chat_model import ChatModel
from svqa.models.model_sets import ModelSpec

GROUP = "svqa.models"
CHAT = "svqa.answering.chat:ChatAnswerer"
KINDS: dict[str, type] = {
    "encoder": base.Encoder,
    "sentences": base.TextEncoder,
    "captioner": base.Captioner,
    "detector": base.Detector,
    "reader": base.TextReader,
    "transcriber": base.Transcriber,
    "sounds": base.SoundEncoder,
    "answerer": base.Answerer,
}


def registered() -> dict[str, EntryPoint]:
    """-> the models that installed packages add, by name; nothing of them is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def spec_of_plugin(role: str, name: str, point: EntryPoint) -> ModelSpec:
    """-> how a class of another package is made; it is imported here, because it was named.

    Raises ModelError where that fails, UsageError where it is for another role.
    """
    try:
        kind = point.load()
    except Exception as error:  # other people's code
        raise ModelError(
            f"The model '{name}' of the package {_owner(point)} cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
    made = f"{point.value}"
    if not isinstance(kind, type):
        raise ModelError(f"The model '{name}' of {_owner(point)} is no class: {made}.")
    if role == "answerer" and issubclass(kind, ChatModel):
        return ModelSpec(getattr(kind, "model_id", name), CHAT, given=made)
    if not issubclass(kind, KINDS[role]):
        raise UsageError(
            f"'{name}' of {_owner(point)} cannot be the {role}: {kind.__name__} is no "
            f"{KINDS[role].__name__}."
        )
    return ModelSpec(getattr(kind, "model_id", name), made)


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an installed package"
