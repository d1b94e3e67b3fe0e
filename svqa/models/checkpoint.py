"""A folder -> the same folder, its files found to be the ones that were written.

A checkpoint is a folder of safetensors, JSON and text. `checksums.json` in it says what every file
must hash to, and nothing is read before all of them are right: an altered or truncated file is
refused, and nothing in it runs.
"""

from __future__ import annotations

import json
from pathlib import Path

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models.weights import sha256_of

CHECKSUMS_FILE = "checksums.json"
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
    """The folder, after every file that its `checksums.json` lists was found right.

    As it is, where there is none.

    Raises WeightsMissing or WeightsCorrupt (says which file and what was found).

    >>> resolve(SHIPPED / "clip").name
    'clip'
    """
    folder = Path(folder)
    for name, expected in sums(folder).items():
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
    return folder


def sums(folder: str | Path) -> dict[str, str]:
    """-> {file: SHA-256} as the folder's `checksums.json` lists them; empty where there is none."""
    seals = Path(folder) / CHECKSUMS_FILE
    return json.loads(seals.read_text(encoding="utf-8")) if seals.is_file() else {}
