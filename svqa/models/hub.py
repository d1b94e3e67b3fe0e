"""Models of the Hugging Face hub -> its cache, and a lock file that says what came.

`pull` is the only function of the package that may use the network. The lock file holds the
repository, the commit, and the SHA-256 of every file; `pretrained.py` opens those files or none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from svqa.errors import ModelError, UnknownModel, UsageError, WeightsMissing, unknown_name
from svqa.models.weights import sha256_of

PULL = "Run: svqa models pull hub"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True)
class HubModel:
    """A repository of the hub that `pull` may fetch; the `hub` set uses some of them.

    `files`: the only ones fetched; weights as safetensors alone. `in_set`: whether `pull hub`
    brings it.
    """

    repo_id: str
    role: str
    licence: str
    files: tuple[str, ...] = _FILES
    in_set: bool = True


# What the `hub` set loads, and one that models are trained from. Whether a repository offers
# safetensors at its default revision is its makers' choice and may change: `look_up` says so where
# one does not, before anything is fetched, and `pull` takes a `revision` that does.
HUB_MODELS: dict[str, HubModel] = {
    m.repo_id.split("/")[1]: m
    for m in (
        HubModel("google/siglip2-base-patch16-224", "vectors", "Apache-2.0"),
        HubModel("Salesforce/blip-image-captioning-base", "captions", "BSD-3-Clause"),
        HubModel("ustc-community/dfine-small-coco", "boxes", "Apache-2.0"),
        HubModel("laion/clap-htsat-unfused", "sounds", "Apache-2.0"),
        HubModel("HuggingFaceTB/SmolVLM2-256M-Video-Instruct", "answers", "Apache-2.0"),
        HubModel("Salesforce/blip-vqa-base", "a base to train", "BSD-3-Clause", in_set=False),
    )
}

_CURES = {  # by the client's errors
    "GatedRepoError": "Agree to its terms on its page, then: hf auth login",
    "RepositoryNotFoundError": "Look at how it is spelt; a private one needs: hf auth login",
    "RevisionNotFoundError": "Look at the names of its branches and tags on its page.",
}


def lock_path() -> Path:
    """Where `pull` writes what came, unless told otherwise."""
    import platformdirs

    return platformdirs.user_cache_path("svqa") / "hub.lock.json"


@dataclass(frozen=True)
class Offer:
    """What a repository would bring: the commit, the bytes of its files, the licence it states."""

    repo_id: str
    commit: str
    size_bytes: int
    licence: str


def named(names: Sequence[str] | None) -> list[HubModel]:
    """-> what the `hub` set loads, or those of these names; any `org/name` is one.

    Raises UnknownModel.
    """
    if names is None:
        return [model for model in HUB_MODELS.values() if model.in_set]
    by_repository = {model.repo_id: model for model in HUB_MODELS.values()}
    chosen = []
    for name in names:
        if REPOSITORY.fullmatch(name):
            chosen.append(by_repository.get(name) or HubModel(name, "any", "see its page"))
        elif name in HUB_MODELS:
            chosen.append(HUB_MODELS[name])
        else:
            known = [*HUB_MODELS, "org/name"]
            raise UnknownModel(unknown_name("hub model", name, known))
    return chosen


def look_up(model: HubModel, revision: str | None = None) -> Offer:
    """-> what `pull` would bring, asked of the hub; nothing is fetched yet. Uses the network.

    Raises WeightsMissing where it cannot be asked, or offers no safetensors.
    """
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(model.repo_id, revision=revision, files_metadata=True)
    except Exception as error:  # of the client, and of every library below it
        raise WeightsMissing(_not_reached(error)) from error
    files = {
        file.rfilename: file.size or 0
        for file in info.siblings or ()
        if any(fnmatch(file.rfilename, pattern) for pattern in model.files)
    }
    if not any(name.endswith(".safetensors") for name in files):
        raise WeightsMissing(
            f"no safetensors at {revision or 'its default revision'}, and svqa reads no other "
            "weights. If it has a converted revision, name it: svqa models pull "
            f"{model.repo_id} --revision REV"
        )
    card = info.card_data
    stated = str(getattr(card, "license", "") or model.licence) if card else model.licence
    return Offer(model.repo_id, str(info.sha), sum(files.values()), stated)


def pull(
    names: Sequence[str] | None = None,
    *,
    revision: str | None = None,
    lock: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, dict]:
    """Fetch what the `hub` set loads, or those named -> the lock's entries for them.

    Into the Hugging Face cache.

    Uses the network. `say` is told the size and licence of each before it is fetched. Nothing but
    data is fetched: no pickles, no code. `revision` (a branch, tag or commit) only makes sense for
    one name; without it, the repository's own default is taken and the commit that came is written
    down. One that fails does not stop the others. Raises UnknownModel, UsageError, WeightsMissing
    (which ones, and why).
    """
    from huggingface_hub import snapshot_download

    chosen = named(names)
    if revision and len(chosen) != 1:
        raise UsageError(
            f"A revision belongs to one model, got {len(chosen)} models. Name the one it is of."
        )
    brought: dict[str, dict] = {}
    failed: dict[str, list[str]] = {}  # by reason: without a network it is the same for all
    for model in chosen:
        try:
            offer = look_up(model, revision)
            say(f"{offer.repo_id}: {offer.size_bytes / 1e6:.0f} MB, licence {offer.licence}")
            folder = snapshot_download(
                model.repo_id, revision=offer.commit, allow_patterns=list(model.files)
            )
            brought[model.repo_id] = lock_entry(Path(folder))
        except WeightsMissing as error:
            failed.setdefault(str(error), []).append(model.repo_id)
        except Exception as error:  # of the client, and of every library below it
            failed.setdefault(_not_reached(error), []).append(model.repo_id)
        write_lock({**read_lock(lock), **brought}, lock)
    if failed:
        told = [f"{', '.join(repos)}: {why}" for why, repos in failed.items()]
        raise WeightsMissing(
            f"{len(brought)} of {len(chosen)} models came and are locked. {' '.join(told)}"
        )
    return brought


def _not_reached(error: Exception) -> str:
    """One line: what the client said, and what may help."""
    if os.environ.get("HF_HUB_OFFLINE", "0").lower() not in ("", "0", "false"):
        return "not fetched, the hub is switched off by HF_HUB_OFFLINE. Unset it."
    why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    cure = _CURES.get(type(error).__name__, "Try again where the hub can be reached.")
    return f"not fetched ({why}). {cure}"


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
