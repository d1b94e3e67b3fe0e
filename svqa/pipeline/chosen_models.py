"""Settings and a database -> the models that are meant: a set, with what takes roles of it."""

from __future__ import annotations

from dataclasses import replace

from svqa.database import Store
from svqa.models.model_spec import parse_spec
from svqa.models.zoo import ModelSet, load_set
from svqa.settings import Settings

# trained versions are above this folder; the module is imported when one is first asked
VERSIONS = "svqa.training.versions:load_version"


def chosen_models(settings: Settings, store: Store) -> ModelSet:
    """-> the set of the settings with its replaced roles; nothing is loaded.

    Raises UsageError, UnknownModel or WeightsMissing for a SPEC that names none.
    """
    specs = {}
    for role, text in settings.replaced().items():
        spec = parse_spec(role, text)
        if not spec.target:
            version = store.model_version(text)
            name = f"{version.name}:{version.number}@{version.sha256[:8]}"
            spec = replace(spec, model_id=name, target=VERSIONS, given=version)
        specs[role] = spec
    return load_set(settings.models, device=settings.device).replaced(specs)
