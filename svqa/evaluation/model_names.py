"""Other names of models: a version's alias, the latest of a name, an answerer by its SPEC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svqa.database.stored_records import StoredVersion
from svqa.errors import UsageError
from svqa.models.zoo import ModelSet
from svqa.pipeline.chosen_models import chosen_models
from svqa.settings import Settings

if TYPE_CHECKING:
    from svqa.database import Store

_ANSWERS = "vqa"  # what a version is for, unless its settings say otherwise


def version_of(name: str, store: Store) -> StoredVersion | None:
    """-> the version by number or alias, or the latest of a name; None where there is none."""
    try:
        return store.model_version(name)
    except UsageError:
        return None


def goes_by(name: str, role: str, store: Store | None) -> bool:
    """Whether an answerer goes by the name, as a version or as a SPEC; nothing is loaded."""
    if store is None or role != "answerer":
        return False
    if (version := version_of(name, store)) is not None:
        return str(version.settings.get("model_type", _ANSWERS)) == _ANSWERS
    try:
        with_answerer(name, store)
    except UsageError:
        return False
    return True


def with_answerer(name: str, store: Store) -> ModelSet:
    """-> the set of the settings with this answerer, which reads what the set found."""
    version = version_of(name, store)
    spec = name if version is None else f"{version.name}:{version.number}"
    return chosen_models(Settings.load(database=store.url, answerer=spec), store)
