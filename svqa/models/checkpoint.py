"""A folder -> the same folder, its files found to be the ones that were written.

A checkpoint is a folder of safetensors, JSON and text. `checksums.json` in it says what every file
must hash to, and nothing is read before all of them are right: an altered or truncated file is
refused, and nothing in it runs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models.model_folder import check_plain_files, read_json_object
from svqa.models.weights import sha256_of

CHECKSUMS_FILE = "checksums.json"
LEFT_BY_FILE_MANAGERS = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))
_SHA256 = re.compile(r"[0-9a-f]{64}")
SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"


def write_checksums(folder: str | Path) -> Path:
    """Write `checksums.json` over every other file of the folder, README included -> its path."""
    folder = Path(folder)
    sums = {
        path.name: sha256_of(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != CHECKSUMS_FILE
    }
    target = folder / CHECKSUMS_FILE
    target.write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return target


def resolve(folder: str | Path) -> Path:
    """The folder, after every file in it was found to be listed in its `checksums.json` and right.

    As it is, where there is none; one that svqa ships has one.

    Raises WeightsMissing or WeightsCorrupt (says which file and what was found); also for a file
    that is not listed: a loader applies what it finds, an adapter beside the weights for example.

    >>> resolve(SHIPPED / "clip").name
    'clip'
    """
    folder = Path(folder)
    check_plain_files(folder)
    listed = sums(folder)
    if not listed and folder.resolve().parent == SHIPPED:
        raise WeightsCorrupt(f"{folder} has no {CHECKSUMS_FILE}. Install svqa again.")
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            raise WeightsMissing(
                f"{path} is listed in {CHECKSUMS_FILE} and is not there. Install svqa again."
            )
        if (found := sha256_of(path)) != expected:
            raise WeightsCorrupt(
                f"{path} should have SHA-256 {expected}, it has {found}. It was not loaded. "
                "Install svqa again, or train it again: python -m experiments.tiny_models"
            )
    more = sorted(p.name for p in folder.iterdir() if p.name not in {*listed, CHECKSUMS_FILE})
    if listed and (unlisted := [name for name in more if name not in LEFT_BY_FILE_MANAGERS]):
        raise WeightsCorrupt(
            f"{folder} holds {', '.join(unlisted[:5])}, which {CHECKSUMS_FILE} does not list: it "
            "would change what is loaded. Take it away, or seal the folder again."
        )
    return folder


def sums(folder: str | Path) -> dict[str, str]:
    """-> {file: SHA-256} as the folder's `checksums.json` lists them; empty where there is none.

    Raises WeightsCorrupt where it lists anything else than files of the folder.
    """
    seals = Path(folder) / CHECKSUMS_FILE
    if not seals.exists() and not seals.is_symlink():
        return {}
    if not seals.is_file():
        raise WeightsCorrupt(f"{seals} is no file.")
    listed = read_json_object(seals)
    for name, sha256 in listed.items():
        plain = name not in ("", ".", "..") and not set(name) & set("/\\\0")
        if not plain or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise WeightsCorrupt(
                f"{seals} must hold {{file name: SHA-256}}, got {name!r}: {str(sha256)[:80]!r}."
            )
    if not listed:
        raise WeightsCorrupt(f"{seals} lists no file.")
    return listed
