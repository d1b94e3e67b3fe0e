"""A base by name -> its folder, checked; whether it looks, reads or both; the model itself."""

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
BLIP, READS, SEES = "blip", "reads", "sees"


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


def sort_of(folder: Path) -> str:
    """-> BLIP, or a chat model that READS words or SEES pictures, too: by its config.json.

    Raises UsageError for any other.
    """
    from transformers.models.auto import modeling_auto as auto

    kind = str(read_json_object(folder / "config.json").get("model_type", ""))
    if kind == BLIP:
        return BLIP
    # what other tasks of BLIP's family are loaded as sees, too, and holds no conversation
    if kind in auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES and _talks(folder):
        return SEES
    if kind in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return READS
    raise UsageError(
        f"{folder} holds a model of type '{kind}', which is not trained here: give a BLIP, or a "
        "chat model (smollm2, or a folder of another one that reads, or that sees, too)."
    )


def load_base(folder: Path, *, device: str = "cpu", frames: int = 0) -> tuple[Any, Any]:
    """-> (model, processor), in float32: an update is small, and half precision would lose steps.

    `frames`: of a BLIP, how many it is to see as a sequence; 0 leaves it as it is. Raises as
    `load_pretrained` and `sort_of` do.
    """
    import transformers as hf

    from svqa.models.frame_sequence import add_time_code, blip_class

    classes: dict[str, tuple[Any, Any]] = {
        BLIP: (blip_class, hf.BlipProcessor),
        READS: (hf.AutoModelForCausalLM, hf.AutoTokenizer),
        SEES: (hf.AutoModelForImageTextToText, hf.AutoProcessor),
    }
    found = load_pretrained(*classes[sort_of(folder)], folder, device=device)
    if frames:
        add_time_code(found.model, frames)
    return found.model, found.processor


def _talks(folder: Path) -> bool:
    """Whether a chat template came with it, in a file of its own or among the tokenizer's words."""
    if any((folder / name).is_file() for name in ("chat_template.jinja", "chat_template.json")):
        return True
    told = folder / "tokenizer_config.json"
    return told.is_file() and "chat_template" in read_json_object(told)


def _digest(folder: Path) -> str:
    weights = sorted(folder.glob("*.safetensors"))
    return hashlib.sha256("".join(sha256_of(p) for p in weights).encode()).hexdigest()


def _commit_of(folder: Path) -> str:
    """The hub commit a snapshot folder is named after; empty for a folder of one's own."""
    return folder.name if folder.parent.name == "snapshots" else ""
