"""A folder or a hub name -> verified files -> a model; never uses the network.

What `svqa models pull` brought is written in a lock file: repository, commit, and the SHA-256 of
every file. Loads open exactly those files or none. A checkpoint in a folder is checked against the
`checksums.json` beside it (`checkpoint.py`).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svqa.errors import UsageError, WeightsCorrupt, WeightsMissing
from svqa.models.checkpoint import SHIPPED, resolve, sums
from svqa.models.hub import HUB_MODELS, PULL, REPOSITORY, lock_path, read_lock
from svqa.models.model_folder import check_configs, check_whole
from svqa.models.model_sets import MODEL_SETS, ModelSpec
from svqa.models.weights import WEIGHTS, sha256_of


@dataclass(frozen=True)
class Located:
    """Where a model lies and what it is called.

    Its folder, the name to write beside what it makes, and the SHA-256 its files must have, where
    known.
    """

    folder: Path
    model_id: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Of the files that were written down; of its weights where none were."""
        return _size_bytes(self.folder, self.files)


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode on its device, the processor that belongs to it, and its name."""

    model: Any
    processor: Any
    model_id: str


def locate(
    path_or_id: str | Path, *, revision: str | None = None, lock: Path | None = None
) -> Located:
    """A folder, or a hub name that was pulled -> its verified files. Never uses the network.

    Raises WeightsMissing (naming the file and `svqa models pull hub`), WeightsCorrupt (naming both
    checksums).
    """
    folder, repo_id = Path(path_or_id), str(path_or_id)
    if folder.is_dir():
        pulled = _pulled_into(folder.resolve(), lock)
        if pulled is None:
            return Located(resolve(folder), _folder_id(folder.resolve()))
        repo_id = pulled
    elif repo_id in HUB_MODELS:
        repo_id = HUB_MODELS[repo_id].repo_id
    entry = read_lock(lock).get(repo_id)
    if entry is None:
        raise WeightsMissing(
            f"{repo_id} (model.safetensors) is neither a folder nor in "
            f"{lock or lock_path()}. {_cure(repo_id)}"
        )
    if revision and not entry["commit"].startswith(revision):
        raise WeightsMissing(
            f"{repo_id} was pulled at {entry['commit']}, not at {revision}. "
            f"Run: svqa models pull {repo_id.split('/')[-1]} --revision {revision}"
        )
    found = _snapshot(repo_id, entry)
    for name, sha256 in found.files.items():
        _check(found.folder / name, sha256, _cure(repo_id))
    return found


def installed(path_or_id: str | Path, *, lock: Path | None = None) -> Located | None:
    """What `locate` would check, unchecked: None where a file that was written down is not there.

    Reads no weights.
    """
    folder = Path(path_or_id)
    files: Mapping[str, str]
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


def weight_files(specs: Mapping[str, ModelSpec], names: Iterable[str]) -> dict[str, int]:
    """-> the bytes of what these members of a set read, and those they are built on; none twice.

    What is not on this machine, or is read over the network, is not among them.
    """
    found: dict[str, int] = {}
    for spec in (specs[name] for name in names if name in specs):
        found |= weight_files(specs, spec.parts)
        found |= {name: WEIGHTS[name].size_bytes for name in spec.weights}
        if spec.source and Path(spec.source).is_dir():  # its name would be the hash of all of it
            found[spec.source] = _size_bytes(Path(spec.source), sums(Path(spec.source)))
        elif spec.source and "://" not in spec.source and (pulled := installed(spec.source)):
            found[spec.source] = pulled.size_bytes
        if isinstance(spec.given, tuple):  # a member of another set, made within that
            found |= weight_files(MODEL_SETS[spec.given[0]], spec.given[1:])
    return found


def load_pretrained(
    model_class: Any,
    processor_class: Any,
    path_or_id: str | Path,
    *,
    revision: str | None = None,
    device: str = "cpu",
    dtype: Any = None,
) -> Loaded:
    """Verified files -> a model of `model_class` and its processor.

    No pickle is opened and no remote code is run.

    `model_class`: a class, or a function that names one for the folder. `dtype`: a torch type
    or its name, float32 if not given. Raises WeightsMissing, WeightsCorrupt, UsageError.
    """
    import torch

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
    check_configs(found.folder)
    if not isinstance(model_class, type):
        model_class = model_class(found.folder)
    try:
        with without_progress(), _only_listed(found) as folder:
            model, info = model_class.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=dtype,
                trust_remote_code=False,
                output_loading_info=True,
            )
            processor = processor_class.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # the tokenizers library raises the bare class
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsCorrupt(
            f"{found.folder} does not hold a {model_class.__name__}: {why}"
        ) from error
    check_whole(info, model, found.folder, pulled=bool(found.files))
    return Loaded(model.eval().to(device), processor, found.model_id)


@contextmanager
def _only_listed(found: Located) -> Iterator[Path]:
    """The folder as it is; of a hub model one that holds the files of the lock, and no other.

    What lies beside them in the cache, an adapter for example, would be applied.
    """
    if not found.files:
        yield found.folder
        return
    with tempfile.TemporaryDirectory(prefix="svqa-model-") as name:
        for file in found.files:
            link = Path(name) / file
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((found.folder / file).resolve())
        yield Path(name)


@contextmanager
def without_progress() -> Iterator[None]:
    """Without the library's progress bar, which would appear even where nobody watches."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _pulled_into(folder: Path, lock: Path | None) -> str | None:
    """-> the hub model whose snapshot a folder is; None for any other folder."""
    if folder.parent.name != "snapshots":
        return None
    return next(
        (r for r, e in read_lock(lock).items() if _snapshot(r, e).folder.resolve() == folder), None
    )


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


def _cure(repo_id: str) -> str:
    """What brings a repository: the set's own come together."""
    if not REPOSITORY.fullmatch(repo_id):
        return "Name a folder that is there, or org/name of a repository of the hub."
    together = any(model.in_set and model.repo_id == repo_id for model in HUB_MODELS.values())
    return PULL if together else f"Run: svqa models pull {repo_id}"


def _check(path: Path, sha256: str, cure: str) -> None:
    if not path.is_file():
        raise WeightsMissing(f"{path} is not on this machine. {cure}")
    if (found := sha256_of(path)) != sha256:
        raise WeightsCorrupt(
            f"{path} should have SHA-256 {sha256}, it has {found}. It was not loaded. {cure}"
        )


def _size_bytes(folder: Path, files: Iterable[str]) -> int:
    paths = [folder / name for name in files] or folder.glob("*.safetensors")
    return sum(path.stat().st_size for path in paths if path.is_file())


def _folder_id(folder: Path) -> str:
    """`shapes/NAME` for what is shipped.

    Else its name and the hash of its weights, so that versions differ.
    """
    if folder.parent == SHIPPED:
        return f"shapes/{folder.name}"
    parts = "".join(sha256_of(p) for p in sorted(folder.glob("*.safetensors")))
    return f"{folder.name}@{hashlib.sha256(parts.encode()).hexdigest()[:8]}"


def device_for(kind: type, device: str) -> str:
    """-> where a model of a set runs: the set's device, or the processor where it cannot run there.

    A class says by `devices` which kinds of devices it runs on; one that says nothing takes any.
    """
    devices = getattr(kind, "devices", None)
    return device if devices is None or device.split(":")[0] in devices else "cpu"
