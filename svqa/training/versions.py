"""A trained model -> an immutable version: a sealed folder and a row.

And back, when hashes and base are the right ones.

The folder of an adapter is what peft writes (`adapter_config.json`, `adapter_model.safetensors`),
so that peft alone can read it; that of a whole model is what transformers writes. Beside it lie the
card, the curve, the record and `checksums.json`, whose own hash is in the database: nothing of a
version can change unseen.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.database.stored_records import StoredVersion
from svqa.errors import ModelError, UsageError, WeightsCorrupt, WeightsMissing
from svqa.models.base import Answerer
from svqa.models.checkpoint import CHECKSUMS_FILE, resolve, write_checksums
from svqa.records import Answer, Evidence, FrameBatch, Question
from svqa.training.base_models import find_base, load_base
from svqa.training.model_card import model_card
from svqa.training.presets import without_advice

if TYPE_CHECKING:
    from svqa.database import Store
    from svqa.models.blip import BlipAnswerer

RECORD = "version.json"


def version_home(out: str | Path, name: str) -> Path:
    """-> the folder of a name's versions, which lies in `out`.

    Raises UsageError for a name that is not plain (letters, digits, `.`, `_`, `-`; no path, and not
    `name:number`), and where the folder is a link out of `out` or no folder.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise UsageError(
            "A version's name has letters, digits, '.', '_' and '-', begins with a letter or a "
            f"digit and has at most 100 of them, got {name!r}."
        )
    parent = Path(out).resolve()
    home = parent / name
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise UsageError(f"{home} is not a folder of versions. Take another name, or move it.")
    return home


def store_version(
    store: Store, out: str | Path, version: StoredVersion, write: Callable[[Path], None]
) -> StoredVersion:
    """Write the next version of `version.name` under `out` and keep its row.

    -> the version with number, path and hash.

    `write` puts weights (and what else belongs to them) into the folder it is given. A number is
    never used twice, and the folder appears under its number only when it is whole.
    """
    home = version_home(out, version.name)
    home.mkdir(parents=True, exist_ok=True)
    taken = [v.number for v in store.model_versions(version.name) if v.number is not None]
    number = _claim(home, max(taken, default=0))
    folder = home / f"v{number}"
    draft = home / f".draft-{number}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    write(draft)
    version = replace(version, number=number, adapter_path=str(folder))
    (draft / RECORD).write_text(_record(version), encoding="utf-8")
    (draft / "README.md").write_text(model_card(version), encoding="utf-8")
    sealed = hashlib.sha256(write_checksums(draft).read_bytes()).hexdigest()
    os.rename(draft, folder)  # onto the empty folder that `_claim` made
    return store.add_model_version(replace(version, sha256=sealed))


def check_version(version: StoredVersion) -> Path:
    """-> the version's folder, after every byte of it was found to be what was stored.

    Raises WeightsMissing, WeightsCorrupt.
    """
    folder = Path(version.adapter_path)
    seals = folder / CHECKSUMS_FILE
    if not seals.is_file():
        raise WeightsMissing(
            f"{version.name}:{version.number} should be in {folder}, and is not. Was it moved?"
        )
    if (found := hashlib.sha256(seals.read_bytes()).hexdigest()) != version.sha256:
        raise WeightsCorrupt(
            f"{seals} should have SHA-256 {version.sha256}, it has {found}: not what was stored."
        )
    return resolve(folder)


def load_peft(
    version: StoredVersion,
    *,
    base: str | Path | None = None,
    device: str = "cpu",
    trainable: bool = False,
) -> tuple[Any, Any]:
    """-> (PeftModel on the right base, processor). `base` where it lies elsewhere now.

    Raises ModelError for a base that is not the one the version was trained from, WeightsMissing,
    WeightsCorrupt.
    """
    from peft import PeftModel

    folder = check_version(version)
    found = find_base(base or str(version.settings["base"]))
    if found.sha256 != version.base_sha256:
        raise ModelError(
            f"{version.name}:{version.number} was trained from {version.base_id} with SHA-256 "
            f"{version.base_sha256[:16]}..., but {found.folder} has {found.sha256[:16]}...: the "
            "update would be added to other weights. Name the right base, or train a new version "
            "from this one."
        )
    frames = version.settings.get("frames", 0)
    plain, processor = load_base(found.folder, device=device, frames=frames)
    with without_advice():
        model = PeftModel.from_pretrained(plain, str(folder), is_trainable=trainable)
    return model.to(device), processor


def load_plain(
    version: StoredVersion, *, base: str | Path | None = None, device: str = "cpu"
) -> tuple[Any, Any]:
    """-> (the model as transformers has it, its layers with the update; processor).

    Raises as `load_peft` does.
    """
    if not version.settings["use_lora"]:
        return load_base(check_version(version), device=device)
    model, processor = load_peft(version, base=base, device=device)
    return model.get_base_model(), processor


def load_answerer(
    version: StoredVersion, *, base: str | Path | None = None, device: str = "cpu", **options: Any
) -> Any:
    """-> the version as a `BlipAnswerer`, or of a chat model as a `ChatAnswerer`.

    `options` are the answerer's own. Raises as `load_peft` does.
    """
    name = f"{version.name}:{version.number}@{version.sha256[:8]}"
    model, processor = load_plain(version, base=base, device=device)
    if model.config.model_type == "blip":
        from svqa.models.blip import BlipAnswerer

        return BlipAnswerer(model, processor, model_id=name, **options)
    from svqa.answering.chat import ChatAnswerer
    from svqa.models.chat_local import LocalChatModel

    return ChatAnswerer(LocalChatModel(model, processor, model_id=name), **options)


class VideoAnswerer(Answerer):
    """A version that opens the video itself, where it gets no frames.

    It sees the frames over the whole of it that it saw in training.
    """

    needs_frames = True

    def __init__(self, answerer: BlipAnswerer):
        self.answerer, self.model_id = answerer, answerer.model_id

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """As the answerer does. Raises MediaError where the video cannot be read."""
        from svqa.models.frame_sequence import even_times
        from svqa.models.frame_strategies import FrameSequence

        if frames is None and question.video:
            from svqa.media.probing import probe
            from svqa.media.sampling import Sampling
            from svqa.media.video import read_frames
            from svqa.training.feature_cache import COLUMNS, grid_times

            size_px = self.answerer.model.config.vision_config.image_size
            whole = (0.0, probe(question.video).duration_s)
            if isinstance(self.answerer.way, FrameSequence):
                times_s = even_times(whole, self.answerer.way.most)
            else:
                size_px, times_s = size_px // COLUMNS, grid_times(whole).tolist()
            frames = read_frames(question.video, Sampling.at(times_s), size_px=size_px)
        return self.answerer.answer(question, passages, frames)


def load_version(version: StoredVersion, *, device: str = "cpu") -> Answerer:
    """-> what `ask` and a `ModelRegistry` ask, each with the frames that a set finds.

    `registry.use_version_loader(load_version)`.
    """
    from svqa.models.blip import BlipAnswerer
    from svqa.models.frame_sequence import frames_of
    from svqa.models.frame_strategies import FrameGrid

    answerer = load_answerer(version, device=device)
    if not isinstance(answerer, BlipAnswerer):
        return answerer
    if not frames_of(answerer.model):
        answerer.way = FrameGrid()
    return VideoAnswerer(answerer)


def merge_version(
    version: StoredVersion, out: str | Path, *, base: str | Path | None = None
) -> Path:
    """Write the version as a model of its own that needs neither base nor peft.

    W + (alpha / r) B A in place of W.

    Raises UsageError for a folder that is not empty, and as `load_peft` does.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty. Name a new folder for the merged model.")
    if version.settings["use_lora"]:
        model, processor = load_peft(version, base=base)
        model = model.merge_and_unload(safe_merge=True)
        save_whole(model, processor, out)
    else:
        shutil.copytree(check_version(version), out, dirs_exist_ok=True)
    (out / "README.md").write_text(model_card(version), encoding="utf-8")
    return write_checksums(out).parent


def save_whole(model: Any, processor: Any, folder: Path) -> None:
    """Write a model and its processor as transformers does, without its progress bar."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model.save_pretrained(folder)
    finally:
        if shown:
            logging.enable_progress_bar()
    processor.save_pretrained(folder)


def _claim(home: Path, last: int) -> int:
    """-> the next free number; its empty folder is the claim, so that two runs never take one."""
    number = max([last, *(int(p.name[1:]) for p in home.glob("v*") if p.name[1:].isdigit())]) + 1
    while True:
        try:
            (home / f"v{number}").mkdir()
            return number
        except FileExistsError:
            number += 1


def _record(version: StoredVersion) -> str:
    kept: dict[str, Any] = {
        k: v
        for k, v in dataclasses.asdict(version).items()
        if k not in ("id", "sha256", "aliases", "created_at")
    }
    return json.dumps(kept, indent=1, sort_keys=True) + "\n"
