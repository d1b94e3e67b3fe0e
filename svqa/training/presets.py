"""A preset's name and a model -> the same model with a low-rank update.

In the layers that the preset names.

LoRA (Hu et al. 2021, arXiv:2106.09685) leaves each weight W as it is and learns W + (alpha / r) B
A, with r rows in A; B starts at zero, so that nothing changes before the first step. Which layers
are called what differs by architecture, and a name that matches nothing would train nothing: hence
one preset an architecture, each tested by a step.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from svqa.errors import UsageError, unknown_name

_TEXT = r".*text_(encoder|decoder)\..*layer\.\d+\..*\.(query|key|value|dense)"
_CHAT = r".*(language_model|text_model)\..*\.(q_proj|v_proj)"
_VISION = r".*vision_model\.encoder\.layers\.\d+\..*\.(qkv|projection|fc1|fc2)"


@dataclass(frozen=True)
class Preset:
    """Which layers are trained, by name.

    Names of the last part, or one pattern over whole names (as peft reads them).
    """

    targets: tuple[str, ...] | str
    what: str
    trains_vision: bool = False


PRESETS = {
    "blip-text-qv": Preset(
        ("query", "value"), "BLIP, query and value of question encoder and answer decoder"
    ),
    "blip-text-linear": Preset(
        _TEXT, "BLIP, every linear layer of question encoder and answer decoder"
    ),
    "blip-vision-qkv": Preset(
        ("qkv",), "BLIP, attention of the vision transformer", trains_vision=True
    ),
    "blip-all-linear": Preset(
        f"({_TEXT}|{_VISION})", "BLIP, every linear layer of every part", trains_vision=True
    ),
    "clip-qv": Preset(
        ("q_proj", "v_proj"), "CLIP, query and value of both towers", trains_vision=True
    ),
    "decoder-qv": Preset(
        ("q_proj", "v_proj"), "decoder language models (OPT, Llama), query and value"
    ),
    "chat-qv": Preset(
        _CHAT, "chat models that see (SmolVLM, Qwen-VL, InternVL), query and value of what reads"
    ),
}


def preset(name: str) -> Preset:
    """The preset of that name; UsageError lists the ones that exist."""
    if name not in PRESETS:
        raise UsageError(unknown_name("LoRA preset", name, PRESETS))
    return PRESETS[name]


def add_lora(
    model: Any,
    name: str,
    *,
    rank: int = 8,
    alpha: int = 32,
    dropout: float = 0.0,
    base_id: str = "",
    whole: Sequence[str] = (),
) -> Any:
    """-> a `PeftModel` around `model`, whose layers are changed in place.

    Only the update is trainable, and the modules named in `whole`, which belong to it: what is new
    in this model has no weights to be updated.

    No `task_type` is set: with one, peft passes `inputs_embeds` and BLIP's forward fails. Raises
    UsageError where the preset is unknown or names no layer of this model.
    """
    from peft import LoraConfig, get_peft_model

    chosen = preset(name)
    targets = chosen.targets if isinstance(chosen.targets, str) else list(chosen.targets)
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=targets,
        bias="none",
        modules_to_save=list(whole) or None,
    )
    try:
        with without_advice():
            made = get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(
            f"The preset '{name}' ({chosen.what}) names no layer of {type(model).__name__}. "
            f"Presets: {', '.join(sorted(PRESETS))}."
        ) from error
    made.peft_config["default"].base_model_name_or_path = base_id
    return made


@contextmanager
def without_advice() -> Iterator[None]:
    """Without the warning that peft causes in transformers.

    It asks under a name that has been renamed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`(is_)?gradient_checkpointing", FutureWarning)
        yield


def trainable_share(model: Any) -> tuple[int, int, float]:
    """-> trainable parameters, all parameters (the update included), the share of the first."""
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    every, own = sum(n for n, _ in counts), sum(n for n, trained in counts if trained)
    return own, every, own / every


def turn_on_checkpointing(model: Any) -> None:
    """Layers are computed again in the backward pass instead of kept.

    Less memory, more time, the same gradients.

    Without reentrance, which needs no gradient at the input; the hook that peft and transformers
    add for the other way is taken off again.
    """
    turn_on = (
        getattr(model, "activation_checkpointing_enable", None)
        or model.gradient_checkpointing_enable
    )
    turn_on({"use_reentrant": False})
    if hasattr(model, "disable_input_require_grads"):
        model.disable_input_require_grads()


def lora_targets(model: Any) -> Sequence[str]:
    """The layers that carry an update, by name."""
    return sorted(
        {
            name.split(".lora_A")[0]
            for name, _ in model.named_modules()
            if name.endswith("lora_A.default")
        }
    )
