"""SPEC, what a role is to be filled with, as a person writes it -> how that model is made.

A SPEC is, in this order: an address (`http://localhost:11434/v1#qwen2.5vl:7b`), a name that svqa or
an installed package registers (`smollm2`), a member of a set (`hub.captioner`, or `hub` for the
member of the same role), a folder, a trained version (`mine:1`, `mine@champion`), or a repository
of the hub that was pulled (`org/name`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from svqa.errors import UnknownModel, UsageError, unknown_name
from svqa.models.endpoint_address import Endpoint
from svqa.models.hub import REPOSITORY
from svqa.models.model_folder import read_json_object
from svqa.models.model_plugins import CHAT, registered, spec_of_plugin
from svqa.models.model_sets import MODEL_SETS, NAMED, ROLES, ModelSpec
from svqa.models.pretrained import locate

_CLIP, _DETR = "svqa.models.clip:ClipEncoder", "svqa.models.detr:DetrDetector"
# by the `model_type` of a folder's config.json; "" stands for any other
CLASSES: dict[str, dict[str, str]] = {
    "encoder": {"clip": _CLIP, "siglip": _CLIP, "siglip2": _CLIP},
    "captioner": {"blip": "svqa.models.blip:BlipCaptioner"},
    "detector": {
        **dict.fromkeys(("rt_detr", "rt_detr_v2", "d_fine"), _DETR),
        "": "svqa.models.yolo:YoloDetector",
    },
    "sounds": {"clap": "svqa.models.clap:ClapEncoder"},
    "transcriber": {"": "svqa.models.whisper:WhisperTranscriber"},
    "answerer": {"blip": "svqa.models.blip:BlipAnswerer", "": CHAT},
}
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[:@][A-Za-z0-9._-]+")


def parse_spec(role: str, text: str) -> ModelSpec:
    """-> how the model is made; one of a trained version has no target and is found by the caller.

    Raises UsageError for an unknown role or a model of another one, UnknownModel (which lists the
    names there are), WeightsMissing for a repository that was not pulled.

    >>> parse_spec("answerer", "offline").model_id
    'evidence+minilm-l6-v2@1'
    """
    if role not in ROLES:
        raise UsageError(unknown_name("role", role, ROLES))
    text = text.strip()
    if not text:  # as a path it would be the folder one stands in
        raise UsageError(f"The {role} was given without a name.")
    if "://" in text:
        return _endpoint(role, text)
    plugins = registered()
    if text in NAMED:
        return _of_role(role, text, *NAMED[text])
    if text in plugins:
        return spec_of_plugin(role, text, plugins[text])
    set_name, _, member = text.partition(".")
    if set_name in MODEL_SETS and (member or role) in MODEL_SETS[set_name]:
        return _member(role, set_name, member or role)
    # not Path.is_dir, which fails at a name that is too long for one
    if os.path.isdir(os.path.expanduser(text)):
        return _folder(role, str(Path(text).expanduser()))
    if _VERSION.fullmatch(text):
        return _of_role(role, text, "answerer", ModelSpec(text, ""))
    if REPOSITORY.fullmatch(text) and not text.startswith((".", os.sep)):
        return _folder(role, text)
    named = [name for name, (own, _) in NAMED.items() if own == role]
    known = [*named, *plugins, *(s for s in MODEL_SETS if role in MODEL_SETS[s])]
    others = "a folder that is there, org/name of the hub"
    if role == "answerer":
        others += f", a version (name:1, name@champion), {Endpoint.FORM}"
    raise UnknownModel(f"{unknown_name(role, text, known)} Others: {others}.")


def _endpoint(role: str, text: str) -> ModelSpec:
    found = Endpoint.parse(text)
    spec = ModelSpec(f"{found.model}@{found.host}", CHAT, source=text)
    return _of_role(role, f"{found.url}#{found.model}", "answerer", spec)


def _of_role(role: str, text: str, own: str, spec: ModelSpec) -> ModelSpec:
    if role != own:
        raise UsageError(f"'{text}' is {_a(own)}; it cannot be the {role}.")
    return spec


def _member(role: str, set_name: str, member: str) -> ModelSpec:
    """A member of a set, made within that set: its parts are members of it, too."""
    if member != role and (member in ROLES or role not in ("detector", "captioner", "sentences")):
        raise UsageError(f"'{set_name}.{member}' is {_a(member)}; it cannot be the {role}.")
    own = MODEL_SETS[set_name][member]
    return ModelSpec(own.model_id, "svqa.models.zoo:member", given=(set_name, member))


def _folder(role: str, text: str) -> ModelSpec:
    """A folder or a pulled repository: what its config.json says that it is."""
    found = locate(text)
    if (found.folder / "adapter_config.json").is_file():
        raise UsageError(
            f"{text} holds an update to a model and not a model: name the version (name:1), or "
            "merge it first: svqa train merge"
        )
    config = found.folder / "config.json"
    kind = str(read_json_object(config).get("model_type", "")) if config.is_file() else ""
    classes = CLASSES.get(role, {})
    target = classes.get(kind) or classes.get("")
    if not config.is_file() and (target is None or target == CHAT):
        raise UsageError(
            f"{text} holds no config.json, so it is no checkpoint of transformers. Name the folder "
            "that holds one."
        )
    if target is None:
        raise UsageError(
            f"{text} holds a model of type '{kind}', which cannot be the {role}. "
            f"Known there: {', '.join(sorted(filter(None, classes))) or 'none'}."
        )
    return ModelSpec(found.model_id, target, source=text)


def _a(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
