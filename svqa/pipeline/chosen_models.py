"""Settings and a database -> the models that are meant: a set, with what takes roles of it."""

from __future__ import annotations

from dataclasses import replace

from svqa.database import Store
from svqa.errors import UnknownModel, UsageError
from svqa.models.endpoint_address import Endpoint
from svqa.models.model_sets import ModelSpec
from svqa.models.model_spec import parse_spec
from svqa.models.zoo import ModelSet, load_set
from svqa.settings import Settings

# trained versions are above this folder; the module is imported when one is first asked
VERSIONS = "svqa.training.versions:load_version"


def chosen_models(settings: Settings, store: Store) -> ModelSet:
    """-> the set of the settings with its replaced roles; nothing is loaded.

    A name that is nothing else is the latest version of that name. Raises UsageError, UnknownModel
    or WeightsMissing for a SPEC that names none.
    """
    specs = {role: _spec(role, text, store) for role, text in settings.replaced().items()}
    return load_set(settings.models, device=settings.device).replaced(specs)


def _spec(role: str, text: str, store: Store) -> ModelSpec:
    try:
        spec = parse_spec(role, text)
    except UnknownModel:
        if role != "answerer" or not store.model_versions(text.strip()):
            raise
        spec = ModelSpec(text, "")
    if spec.target:
        return spec
    try:
        version = store.model_version(text.strip())
    except UsageError as error:
        raise UnknownModel(f"{error} A model of a server is {Endpoint.FORM}.") from None
    name = f"{version.name}:{version.number}@{version.sha256[:8]}"
    return replace(spec, model_id=name, target=VERSIONS, given=version)
