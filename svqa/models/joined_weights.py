"""Name -> a folder with whole files, made once of parts that come as several packages.

A package index limits how large a package may be, so a large model travels in parts. They are
joined in the user's cache folder: by one process at a time, under another name until the checksum
of the whole was found right, and never again while the file there is the right one.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from svqa.errors import ModelError, UnknownModel, WeightsCorrupt, unknown_name
from svqa.models.weights import WEIGHTS, sha256_of, verified

WAIT_S = 300.0  # for another process that is joining


@dataclass(frozen=True)
class WholeFile:
    """A file that comes in parts: its name, its parts in order, and what it must be."""

    name: str
    parts: tuple[str, ...]
    size_bytes: int
    sha256: str


JOINED = {
    "whisper-base": WholeFile(
        "model.bin",
        ("model.bin.part1", "model.bin.part2"),
        145217607,
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    )
}


def cache_folder() -> Path:
    """Where joined files are kept, unless told otherwise."""
    import platformdirs

    return platformdirs.user_cache_path("svqa") / "weights"


def joined(name: str, cache: Path | None = None) -> Path:
    """-> the folder of `name` with all its files whole, after their checksums were found right.

    The first call of all writes about as much as the parts hold; later ones only read. Raises
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
    files = verified(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "join.lock", timeout=WAIT_S):
            for target, names in parts.items():
                if not _is(folder / target, *checks[target]):
                    _write(folder / target, [files[part] for part in names], checks[target][1])
    except OSError as error:
        raise ModelError(
            f"{name} has to be put together in {folder}, which cannot be written: {error}. "
            "Free it, or name another cache: XDG_CACHE_HOME=/some/folder"
        ) from error
    return folder


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
