"""A model's folder -> found to hold plain files, a config that asks for nothing, whole weights."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.errors import WeightsCorrupt

if TYPE_CHECKING:
    import torch

MOST_LAYERS = 1000
MOST_CONFIG_BYTES = 10 * 2**20
ATTENTION = frozenset(("eager", "sdpa", "flash_attention_2", "flex_attention"))
# what a config may ask its reader to fetch, to run or to build in
_ASKS = ("quantization_config", "kernel_config", "use_kernels", "compression_config", "peft_config")
# buffers that are computed, and what older files still carry of them
_COMPUTED = (
    *("position_ids", "token_type_ids", "num_batches_tracked"),
    *("relative_position_index", "inv_freq"),
)


def check_plain_files(folder: Path) -> None:
    """Raises WeightsCorrupt where the folder holds a FIFO, a device or a socket.

    Opening one would wait for ever.
    """
    for path in folder.iterdir():
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # a link to nothing is missing, and whoever needs it says so
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise WeightsCorrupt(f"{path} is no file: a FIFO, a device or a socket. Take it away.")


def read_json_object(path: Path) -> dict[str, Any]:
    """A small JSON file of a model -> its object. Raises WeightsCorrupt for anything else."""
    try:
        if path.stat().st_size > MOST_CONFIG_BYTES:
            raise ValueError(f"it has {path.stat().st_size} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsCorrupt(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise WeightsCorrupt(f"{path} must hold a JSON object, got {str(value)[:60]}")
    return value


def check_configs(folder: Path) -> None:
    """Raises WeightsCorrupt where a config cannot be read, or names code or sizes beyond reason.

    A kernel is code that the library would fetch; a quantised or adapted model is another one than
    its weights say; a million layers would be built for hours.
    """
    for name in ("config.json", "generation_config.json"):
        path = folder / name
        if not path.exists():
            continue
        for key, value in _entries(read_json_object(path)):
            if key in _ASKS and value:
                raise WeightsCorrupt(f"{path} asks for `{key}`, which svqa does not load.")
            attends = key.strip("_").startswith(("attn_implementation", "experts_implementation"))
            if attends and isinstance(value, str) and value not in ATTENTION:
                raise WeightsCorrupt(
                    f"{path} names the kernel {value!r} as `{key}`: code that would be fetched. "
                    f"Known: {', '.join(sorted(ATTENTION))}."
                )
            if "layers" in key and isinstance(value, int) and value > MOST_LAYERS:
                raise WeightsCorrupt(f"{path} asks for {value} `{key}`; at most {MOST_LAYERS}.")


def check_whole(info: Mapping[str, Any], model: Any, folder: Path, *, pulled: bool) -> None:
    """`info`: what loading said of its keys. Raises WeightsCorrupt unless every tensor was there.

    What is missing would be random, what is too much is another model's; only of a model that was
    `pulled` whole, whose makers leave heads of other tasks in it, more than is needed is accepted.
    """
    for kind in ("missing", "mismatched", *(() if pulled else ("unexpected",))):
        names = sorted(
            name for name in map(_name, info.get(f"{kind}_keys", ())) if not _is_computed(name)
        )
        if names:
            total = len(model.state_dict())
            raise WeightsCorrupt(
                f"{folder} does not hold a {type(model).__name__}: {len(names)} of its {total} "
                f"tensors are {kind}, first `{names[0]}`. It was not used."
            )
    check_finite(model.state_dict(), folder)


def check_finite(tensors: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Raises WeightsCorrupt where a tensor holds NaN or infinity."""
    import torch

    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise WeightsCorrupt(f"{folder}: the tensor `{name}` holds NaN or infinity.")


def _entries(config: Any) -> Iterator[tuple[str, Any]]:
    """Every name of a nested config with its value; `_attn_implementation` may be one a part."""
    if isinstance(config, dict):
        for key, value in config.items():
            attends = "_implementation" in key and isinstance(value, dict)
            yield from ((key, inner) for inner in value.values()) if attends else [(key, value)]
            yield from _entries(value)
    elif isinstance(config, list):
        for value in config:
            yield from _entries(value)


def _name(key: Any) -> str:
    return str(key[0] if isinstance(key, tuple) else key)


def _is_computed(name: str) -> bool:
    return name.endswith(_COMPUTED)
