"""Models of the Hugging Face hub -> its cache, and a lock file that says what came.

`pull` is the only function of the package that may use the network. The lock file holds the
repository, the commit, and the SHA-256 of every file; `pretrained.py` opens those files or none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svqa.errors import ModelError, UnknownModel, UsageError, WeightsMissing, unknown_name
from svqa.models.weights import sha256_of

PULL = "Run: svqa models pull hub"
_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True)
class HubModel:
    """A repository of the hub that `pull` may fetch; the `hub` set uses some of them.

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
            "repository offers a converted revision, name it: svqa models pull NAME --revision REV"
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
