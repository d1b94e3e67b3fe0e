"""A base by name -> its folder, checked; whether it looks or reads; the model itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.errors import UsageError, WeightsMissing
from svqa.models.checkpoint import SHIPPED
from svqa.models.model_folder import read_json_object
from svqa.models.pretrained import load_pretrained, locate
from svqa.models.weights import sha256_of

SMOLLM2 = "smollm2"  # the base that travels as a package


@dataclass(frozen=True)
class Base:
    """What a model is trained from.

    Its folder, the name and revision it goes by, the hash of its weights.
    """

    folder: Path
    id: str
    revision: str
    sha256: str


def find_base(base: str | Path) -> Base:
    """A folder, a hub name that was pulled, or `shapes/NAME` -> the base, its files checked.

    `shapes/NAME` is what is shipped, `smollm2` what travels as a package.

    Raises WeightsMissing, WeightsCorrupt.

    >>> find_base("shapes/blip-vqa").id
    'shapes/blip-vqa'
    """
    if str(base) == SMOLLM2:
        from svqa.models.smollm2 import unpacked_smollm2

        folder = unpacked_smollm2()
        return Base(folder, SMOLLM2, "", _digest(folder))
    shipped = SHIPPED / str(base).removeprefix("shapes/")
    found = locate(shipped if str(base).startswith("shapes/") and shipped.is_dir() else base)
    weights = sorted(found.folder.glob("*.safetensors"))
    if not weights:
        raise WeightsMissing(
            f"{found.folder} holds no safetensors file, so it is no base to train from."
        )
    return Base(
        found.folder,
        found.model_id.split("@")[0],
        _commit_of(found.folder),
        _digest(found.folder),
    )


def is_blip(folder: Path) -> bool:
    """-> True for a BLIP, False for a chat model that reads words, by its config.json.

    Raises UsageError for any other.
    """
    from transformers.models.auto import modeling_auto as auto

    kind = str(read_json_object(folder / "config.json").get("model_type", ""))
    if kind == "blip":
        return True
    looks = kind in auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    if kind in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not looks:
        return False
    raise UsageError(
        f"{folder} holds a model of type '{kind}', which is not trained here: give a BLIP, or a "
        "chat model that reads words (smollm2, or a folder of another one)."
    )


def load_base(folder: Path, *, device: str = "cpu") -> tuple[Any, Any]:
    """-> (model, processor), in float32: an update is small, and half precision would lose steps.

    Raises as `load_pretrained` and `is_blip` do.
    """
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        BlipForQuestionAnswering,
        BlipProcessor,
    )

    classes: tuple[Any, Any] = (
        (BlipForQuestionAnswering, BlipProcessor)
        if is_blip(folder)
        else (AutoModelForCausalLM, AutoTokenizer)
    )
    found = load_pretrained(*classes, folder, device=device)
    return found.model, found.processor


def _digest(folder: Path) -> str:
    weights = sorted(folder.glob("*.safetensors"))
    return hashlib.sha256("".join(sha256_of(p) for p in weights).encode()).hexdigest()


def _commit_of(folder: Path) -> str:
    """The hub commit a snapshot folder is named after; empty for a folder of one's own."""
    return folder.name if folder.parent.name == "snapshots" else ""
