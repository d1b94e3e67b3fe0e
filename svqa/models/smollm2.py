"""Words -> a reply in words: SmolLM2-135M-Instruct, which travels as a package.

Allal et al. 2025, arXiv:2502.02737. The package holds a GGUF file of 4-bit weights, which
transformers takes some seconds to read, so they are written once as safetensors into the cache.
Small as it is, untrained it picks options little better than without lines, and far worse than
`EvidenceAnswerer` (`experiments/chat_lora`): it is for phrasing, for summaries, and to be trained.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from filelock import FileLock

from svqa.errors import ModelError
from svqa.models.chat_local import LocalChatModel
from svqa.models.checkpoint import CHECKSUMS_FILE, resolve, write_checksums
from svqa.models.pretrained import without_progress
from svqa.models.weights import JOIN_WAIT_S, cache_folder, sha256_of, verified

NAME = "smollm2-135m-instruct"


class SmolLM2(LocalChatModel):
    """The words-only model of the `smollm2` answerer.

    >>> SmolLM2.from_pretrained().sees  # doctest: +SKIP
    False
    """

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: Any = None,
        **options: Any,
    ) -> SmolLM2:
        """From the package, or from a folder of the same architecture.

        Raises WeightsMissing (says what to install), WeightsCorrupt, ModelError where the cache
        cannot be written.
        """
        made = super().from_pretrained(
            path_or_id or unpacked_smollm2(),
            revision=revision,
            device=device,
            dtype=dtype,
            **options,
        )
        assert isinstance(made, cls)
        made.model_id = made.model_id if path_or_id else f"{NAME}-q4@1"
        return made


def unpacked_smollm2(cache: Path | None = None) -> Path:
    """-> the model as a folder of safetensors, sealed: made once, by one process, whole or not.

    `bfloat16`, which has what 4 bits say. Raises as `SmolLM2.from_pretrained` does.
    """
    (file,) = verified(NAME).values()
    folder = (cache or cache_folder()) / f"{NAME}-{sha256_of(file)[:8]}"
    if (folder / CHECKSUMS_FILE).is_file():
        return resolve(folder)
    if importlib.util.find_spec("gguf") is None:
        raise ModelError(
            "SmolLM2 comes as GGUF, and reading it needs a package. Run: pip install 'svqa[chat]'"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock", timeout=JOIN_WAIT_S):
            if not (folder / CHECKSUMS_FILE).is_file():
                _unpack(file, folder)
    except OSError as error:
        raise ModelError(
            f"{NAME} has to be unpacked into {folder}, which cannot be written: {error}. "
            "Free it, or name another cache: XDG_CACHE_HOME=/some/folder"
        ) from error
    return resolve(folder)


def _unpack(file: Path, folder: Path) -> None:
    """A GGUF file -> weights, config and tokenizer in transformers' own form."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    with without_progress(), redirect_stderr(io.StringIO()):  # its bar, terminal or not
        model = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32, local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(
            file.parent, gguf_file=file.name, local_files_only=True
        )
    draft.mkdir()
    # the output layer is the input embedding, and is written once
    weights = {
        name: tensor.to(torch.bfloat16).contiguous()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"
    }
    save_file(weights, draft / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    config.dtype = torch.bfloat16
    del config.quantization_config
    config.save_pretrained(draft)
    model.generation_config.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    write_checksums(draft)
    os.replace(draft, folder)
