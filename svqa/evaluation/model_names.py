"""Other names of models: a version's alias, the latest of a name, an answerer by its SPEC.

And whose evidence such an answerer is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from svqa.database.stored_records import StoredVersion
from svqa.errors import UsageError
from svqa.models.zoo import ModelSet, known_sets
from svqa.pipeline.chosen_models import chosen_models
from svqa.records import Question
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


def with_answerer(name: str, store: Store, within: str | None = None) -> ModelSet:
    """-> the set `within`, or that of the settings, with this answerer of what the set finds."""
    version = version_of(name, store)
    spec = name if version is None else f"{version.name}:{version.number}"
    return chosen_models(Settings.load(database=store.url, models=within, answerer=spec), store)


def evidence_set(
    names: Sequence[str], inputs: Sequence[Any], *, registered: Sequence[str] = ()
) -> str | None:
    """-> the set whose evidence an answerer is given that is compared with others.

    That of the set beside it, so that both are shown the same seconds; None where no set is named,
    and the settings say which. Raises UsageError where two sets are named beside an answerer: what
    they find differs, and the answerer would be like one of them only. Inputs that bring their own
    frames or lines show them to everybody.

    >>> evidence_set(["shapes", "mine:1"], [Question("What is it?", video="a.mp4")])
    'shapes'
    """
    sets = [name for name in names if name in known_sets() and name not in registered]
    others = [name for name in names if name not in known_sets() and name not in registered]
    if others and len(sets) > 1 and any(map(_searches, inputs)):
        raise UsageError(
            f"'{others[0]}' is an answerer, and {' and '.join(map(repr, sets))} are whole sets, "
            "each of which finds its own evidence: whose should it be given? Compare it with one "
            "of them at a time."
        )
    return sets[0] if sets else None


def _searches(given: Any) -> bool:
    """Whether an input is a question alone, whose evidence a model looks for by itself."""
    if not isinstance(given, Mapping):
        return isinstance(given, Question)
    return not any(given.get(name) is not None for name in ("image", "frames", "passages"))
