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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.database.stored_records import StoredVersion
from svqa.errors import ModelError, UsageError, WeightsCorrupt, WeightsMissing
from svqa.models.base import Answerer
from svqa.models.checkpoint import CHECKSUMS_FILE, SHIPPED, resolve, write_checksums
from svqa.models.pretrained import locate
from svqa.models.weights import sha256_of
from svqa.records import Answer, Evidence, FrameBatch, Question
from svqa.training.model_card import model_card
from svqa.training.presets import without_advice

if TYPE_CHECKING:
    from svqa.database import Store
    from svqa.models.blip import BlipAnswerer

RECORD = "version.json"


@dataclass(frozen=True)
class Base:
    """What a model is trained from.

    Its folder, the name and revision it goes by, the hash of its weights.
    """

    folder: Path
    id: str
    revision: str
    sha256: str


def find_base(base: str | Path) -> Base:
    """A folder, a hub name that was pulled, or `shapes/NAME` -> the base, its files checked.

    `shapes/NAME` is what is shipped.

    Raises WeightsMissing, WeightsCorrupt.

    >>> find_base("shapes/blip-vqa").id
    'shapes/blip-vqa'
    """
    shipped = SHIPPED / str(base).removeprefix("shapes/")
    found = locate(shipped if str(base).startswith("shapes/") and shipped.is_dir() else base)
    weights = sorted(found.folder.glob("*.safetensors"))
    if not weights:
        raise WeightsMissing(
            f"{found.folder} holds no safetensors file, so it is no base to train from."
        )
    digest = hashlib.sha256("".join(sha256_of(p) for p in weights).encode()).hexdigest()
    return Base(found.folder, found.model_id.split("@")[0], _commit_of(found.folder), digest)


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
    from transformers import BlipForQuestionAnswering, BlipProcessor

    from svqa.models.pretrained import load_pretrained

    folder = check_version(version)
    found = find_base(base or str(version.settings["base"]))
    if found.sha256 != version.base_sha256:
        raise ModelError(
            f"{version.name}:{version.number} was trained from {version.base_id} with SHA-256 "
            f"{version.base_sha256[:16]}..., but {found.folder} has {found.sha256[:16]}...: the "
            "update would be added to other weights. Name the right base, or train a new version "
            "from this one."
        )
    loaded = load_pretrained(BlipForQuestionAnswering, BlipProcessor, found.folder, device=device)
    with without_advice():
        model = PeftModel.from_pretrained(loaded.model, str(folder), is_trainable=trainable)
    return model.to(device), loaded.processor


def load_answerer(
    version: StoredVersion, *, base: str | Path | None = None, device: str = "cpu", **options: Any
) -> BlipAnswerer:
    """-> the version as a `BlipAnswerer`. Raises as `load_peft` does."""
    from svqa.models.blip import BlipAnswerer

    name = f"{version.name}:{version.number}@{version.sha256[:8]}"
    if not version.settings["use_lora"]:
        made = BlipAnswerer.from_pretrained(str(check_version(version)), device=device, **options)
        made.model_id = name
        return made
    model, processor = load_peft(version, base=base, device=device)
    return BlipAnswerer(model.get_base_model(), processor, model_id=name, **options)


class VideoAnswerer(Answerer):
    """A version that opens the video itself, where it gets no frames.

    It sees the grid over the whole of it, as in training.
    """

    needs_frames = True

    def __init__(self, answerer: BlipAnswerer):
        self.answerer, self.model_id = answerer, answerer.model_id

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """As the answerer does. Raises MediaError where the video cannot be read."""
        if frames is None and question.video:
            from svqa.media.probing import probe
            from svqa.media.sampling import Sampling
            from svqa.media.video import read_frames
            from svqa.training.feature_cache import COLUMNS, grid_times

            size_px = self.answerer.model.config.vision_config.image_size // COLUMNS
            times_s = grid_times((0.0, probe(question.video).duration_s))
            frames = read_frames(question.video, Sampling.at(times_s), size_px=size_px)
        return self.answerer.answer(question, passages, frames)


def load_version(version: StoredVersion, *, device: str = "cpu") -> VideoAnswerer:
    """-> what a `ModelRegistry` calls on a question.

    `registry.use_version_loader(load_version)`.
    """
    from svqa.models.frame_strategies import FrameGrid

    return VideoAnswerer(load_answerer(version, device=device, way=FrameGrid()))


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


def _commit_of(folder: Path) -> str:
    """The hub commit a snapshot folder is named after; empty for a folder of one's own."""
    return folder.name if folder.parent.name == "snapshots" else ""
