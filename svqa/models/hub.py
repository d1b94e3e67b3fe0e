"""A folder or a hub name -> verified files -> a model.

`pull` is the only function that may use the network.

What `pull` brought is written to a lock file: repository, commit, and the SHA-256 of every file.
Later loads open exactly those files or none. A checkpoint in a folder is checked against the
`checksums.json` beside it (`checkpoint.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svqa.errors import (
    ModelError,
    UnknownModel,
    UsageError,
    WeightsCorrupt,
    WeightsMissing,
    unknown_name,
)
from svqa.models.checkpoint import SHIPPED, resolve, sums
from svqa.models.weights import sha256_of

PULL = "Run: svqa models pull hub"
_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True)
class HubModel:
    """A repository of the hub that the `hub` set uses.

    `files`: the only ones fetched; weights as safetensors alone.
    """

    repo_id: str
    role: str
    licence: str
    files: tuple[str, ...] = _FILES


# Whether a repository offers safetensors at its default revision is its makers' choice and may
# change: `pull` says so where one does not, and takes a `revision` that does.
HUB_MODELS: dict[str, HubModel] = {
    m.repo_id.split("/")[1]: m
    for m in (
        HubModel("Salesforce/blip-vqa-base", "answers", "BSD-3-Clause"),
        HubModel("Salesforce/blip-image-captioning-base", "captions", "BSD-3-Clause"),
        HubModel("openai/clip-vit-base-patch32", "vectors", "MIT"),
        HubModel("google/siglip2-base-patch16-224", "vectors", "Apache-2.0"),
        HubModel("Ultralytics/YOLO11", "boxes", "AGPL-3.0", ("yolo11n*.safetensors", "*.json")),
        HubModel(
            "sentence-transformers/all-MiniLM-L6-v2",
            "vectors",
            "Apache-2.0",
            ("model.safetensors", "*.json", "*.txt"),
        ),
        HubModel("openai/whisper-tiny", "speech", "Apache-2.0"),
        HubModel("openai/whisper-base", "speech", "Apache-2.0"),
        HubModel("laion/clap-htsat-unfused", "sounds", "Apache-2.0"),
        HubModel("HuggingFaceTB/SmolVLM2-256M-Video-Instruct", "video answers", "Apache-2.0"),
    )
}


@dataclass(frozen=True)
class Located:
    """Where a model lies and what it is called.

    Its folder, the name to write beside what it makes, and the SHA-256 its files must have, where
    known.
    """

    folder: Path
    model_id: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode on its device, the processor that belongs to it, and its name."""

    model: Any
    processor: Any
    model_id: str


def lock_path() -> Path:
    """Where `pull` writes what came, unless told otherwise."""
    import platformdirs

    return platformdirs.user_cache_path("svqa") / "hub.lock.json"


def pull(
    names: Sequence[str] | None = None, *, revision: str | None = None, lock: Path | None = None
) -> dict[str, dict]:
    """Fetch `HUB_MODELS`, all or those named -> the lock's entries for them.

    Into the Hugging Face cache.

    Uses the network. Nothing but data is fetched: no pickles, no code. `revision` (a branch, tag or
    commit) only makes sense for one name; without it, the repository's own default is taken and the
    commit that came is written down. One that fails does not stop the others. Raises UnknownModel,
    UsageError, WeightsMissing (which ones, and why).
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    chosen = list(HUB_MODELS) if names is None else list(names)
    for name in chosen:
        if name not in HUB_MODELS:
            raise UnknownModel(unknown_name("hub model", name, HUB_MODELS))
    if revision and len(chosen) != 1:
        raise UsageError(
            f"A revision belongs to one model, got {len(chosen)} models. Name the one it is of."
        )
    brought, failed = {}, []
    for name in chosen:
        model = HUB_MODELS[name]
        try:
            folder = Path(
                snapshot_download(
                    model.repo_id, revision=revision, allow_patterns=list(model.files)
                )
            )
            brought[model.repo_id] = lock_entry(folder)
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
            failed.append(f"{model.repo_id} could not be fetched: {str(error).splitlines()[0]}")
        except WeightsMissing as error:
            failed.append(str(error))
        write_lock({**read_lock(lock), **brought}, lock)
    if failed:
        raise WeightsMissing(
            f"{len(brought)} of {len(chosen)} models came and are locked. " + " ".join(failed)
        )
    return brought


def lock_entry(folder: Path) -> dict:
    """A snapshot folder of the Hugging Face cache -> its commit, and size and SHA-256 of each file.

    Raises WeightsMissing if there are no safetensors in it.
    """
    files = {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}
    if not any(name.endswith(".safetensors") for name in files):
        raise WeightsMissing(
            f"{folder} holds no safetensors file, and svqa reads no other weights. If the "
            "repository offers a "
            "converted revision, name it: svqa models pull NAME --revision REV"
        )
    return {
        "commit": folder.name,
        "files": {
            name: {"size_bytes": p.stat().st_size, "sha256": sha256_of(p)}
            for name, p in files.items()
        },
    }


def read_lock(lock: Path | None = None) -> dict[str, dict]:
    """-> {repository: {commit, files}}; empty before the first `pull`."""
    path = lock or lock_path()
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelError(
            f"{path} is not JSON ({error}). Delete it and fetch again. {PULL}"
        ) from error


def write_lock(entries: dict[str, dict], lock: Path | None = None) -> None:
    """Replace the lock file in one step, so that a crash leaves the old one."""
    path = lock or lock_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(draft, path)


def locate(
    path_or_id: str | Path, *, revision: str | None = None, lock: Path | None = None
) -> Located:
    """A folder, or a hub name that was pulled -> its verified files. Never uses the network.

    Raises WeightsMissing (naming the file and `svqa models pull hub`), WeightsCorrupt (naming both
    checksums).
    """
    folder = Path(path_or_id)
    if folder.is_dir():
        return Located(resolve(folder), _folder_id(folder.resolve()))
    repo_id = (
        HUB_MODELS[str(path_or_id)].repo_id if str(path_or_id) in HUB_MODELS else str(path_or_id)
    )
    entry = read_lock(lock).get(repo_id)
    if entry is None:
        raise WeightsMissing(
            f"{repo_id} (model.safetensors) is neither a folder nor in "
            f"{lock or lock_path()}. {PULL}"
        )
    if revision and not entry["commit"].startswith(revision):
        raise WeightsMissing(
            f"{repo_id} was pulled at {entry['commit']}, not at {revision}. "
            f"Run: svqa models pull {repo_id.split('/')[-1]} --revision {revision}"
        )
    found = _snapshot(repo_id, entry)
    for name, sha256 in found.files.items():
        _check(found.folder / name, sha256, PULL)
    return found


def installed(path_or_id: str | Path, *, lock: Path | None = None) -> Located | None:
    """What `locate` would check, unchecked: None where a file that was written down is not there.

    Reads no weights.
    """
    folder = Path(path_or_id)
    if folder.is_dir() or folder.is_absolute():
        files = sums(folder)
        found = Located(folder, _folder_id(folder.resolve()), files)
    else:
        entry = read_lock(lock).get(str(path_or_id))
        if entry is None:
            return None
        found = _snapshot(str(path_or_id), entry)
        files = found.files
    complete = (
        (folder / "model.safetensors").is_file()
        if not files
        else all((found.folder / f).is_file() for f in files)
    )
    return found if complete else None


def load_pretrained(
    model_class,
    processor_class,
    path_or_id: str | Path,
    *,
    revision: str | None = None,
    device: str = "cpu",
    dtype: Any = None,
) -> Loaded:
    """Verified files -> a model of `model_class` and its processor.

    No pickle is opened and no remote code is run.

    `dtype`: a torch type or its name, float32 if not given. Raises WeightsMissing, WeightsCorrupt,
    UsageError.
    """
    import torch
    from safetensors import SafetensorError

    found = locate(path_or_id, revision=revision)
    dtype = getattr(torch, dtype) if isinstance(dtype, str) else dtype or torch.float32
    if dtype == torch.float16 and str(device) == "cpu":
        raise UsageError(
            "float16 on a CPU gives NaN and is many times slower. Use dtype='bfloat16' "
            "or 'float32'."
        )
    if not any(found.folder.glob("*.safetensors")):
        raise WeightsMissing(
            f"{found.folder}/model.safetensors is not there, and svqa reads no pickled "
            f"weights. {PULL}"
        )
    try:
        with _quiet():
            model = model_class.from_pretrained(
                found.folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=dtype,
                trust_remote_code=False,
            )
            processor = processor_class.from_pretrained(
                found.folder, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise WeightsCorrupt(
            f"{found.folder} does not hold a {model_class.__name__}: {str(error).splitlines()[0]}"
        ) from error
    return Loaded(model.eval().to(device), processor, found.model_id)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's progress bar, which would appear even where nobody watches."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _snapshot(repo_id: str, entry: Mapping) -> Located:
    """Where the Hugging Face cache keeps the locked commit."""
    from huggingface_hub import constants

    folder = (
        Path(constants.HF_HUB_CACHE)
        / f"models--{repo_id.replace('/', '--')}"
        / "snapshots"
        / entry["commit"]
    )
    files = {name: file["sha256"] for name, file in entry["files"].items()}
    return Located(folder, f"{repo_id}@{entry['commit'][:8]}", files)


def _check(path: Path, sha256: str, cure: str) -> None:
    if not path.is_file():
        raise WeightsMissing(f"{path} is not on this machine. {cure}")
    if (found := sha256_of(path)) != sha256:
        raise WeightsCorrupt(
            f"{path} should have SHA-256 {sha256}, it has {found}. It was not loaded. {cure}"
        )


def _folder_id(folder: Path) -> str:
    """`shapes/NAME` for what is shipped.

    Else its name and the hash of its weights, so that versions differ.
    """
    import hashlib

    if folder.parent == SHIPPED:
        return f"shapes/{folder.name}"
    parts = "".join(sha256_of(p) for p in sorted(folder.glob("*.safetensors")))
    return f"{folder.name}@{hashlib.sha256(parts.encode()).hexdigest()[:8]}"
