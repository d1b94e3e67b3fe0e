"""One job: base, examples, recipe -> trained, examined and written.

`fine_tune_blip` puts the jobs together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from svqa.database.stored_records import StoredVersion
from svqa.models.disk_cache import DiskCache
from svqa.records import Progress
from svqa.training import validation
from svqa.training.batches import AnswerLoss, Collate, PictureBatches, plain, tokenise
from svqa.training.dataset import Example, data_sha256
from svqa.training.feature_cache import FeatureCache, Pictures
from svqa.training.leaks import near_duplicates, perceptual_hash
from svqa.training.loop import Loop, State
from svqa.training.presets import trainable_share
from svqa.training.recipe import Recipe
from svqa.training.versions import Base, save_whole

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator


@dataclass(frozen=True, eq=False)
class Job:
    """What a run depends on.

    `folder` is named after all of it, so that only the same run finds its checkpoint.
    """

    recipe: Recipe
    base: Base
    base_name: str
    parent: StoredVersion | None
    train: list[Example]
    val: list[Example]
    out: Path
    name: str

    @property
    def folder(self) -> Path:
        """Where the checkpoint of this run lies."""
        parent = self.parent.sha256 if self.parent else ""
        all_of_it = [
            self.recipe.to_dict(),
            self.base.sha256,
            data_sha256(self.train, self.val),
            self.name,
            parent,
        ]
        return self.out / ".runs" / hashlib.sha256(json.dumps(all_of_it).encode()).hexdigest()[:16]


class FineTuningRun:
    """Model, pictures and batches of one job."""

    def __init__(
        self,
        job: Job,
        model: Any,
        processor: Any,
        cache: DiskCache,
        accelerator: Accelerator,
        progress: Progress | None,
    ):
        self.job, self.model, self.processor, self.accelerator = job, model, processor, accelerator
        self.progress = progress if accelerator.is_main_process else None
        self.examples = [*job.train, *job.val]
        config = (
            model.config
            if hasattr(model.config, "vision_config")
            else model.get_base_model().config
        )
        self.tokens = tokenise(
            processor, config.text_config, self.examples, path="The question file"
        )
        self.pictures = Pictures(
            self.examples, size_px=config.vision_config.image_size, cache=cache
        )
        made_by = f"{job.base.sha256} {job.recipe.precision}"
        self.seen = FeatureCache(self.pictures, processor, cache=cache, made_by=made_by)
        self.trainable, self.parameters, self.share = trainable_share(model)
        self.loss = AnswerLoss(
            model,
            vision_is_frozen=job.recipe.vision_is_frozen,
            checkpointing=job.recipe.checkpointing,
        )
        self.cached = False

    def look(self, say: Callable[[str], None]) -> None:
        """Decode every video, warn of look-alikes across the split.

        See every picture if vision stays frozen.
        """
        import torch

        self.pictures.decode(self.progress)
        self.warnings = look_alikes(self.pictures, len(self.job.train))
        for warning in self.warnings:
            say(warning)
        if not (self.job.recipe.vision_is_frozen and self.job.recipe.cached_features):
            return
        vision = plain(self.model).vision_model.to(self.accelerator.device).eval()

        @torch.no_grad()
        def see(pixel_values: torch.Tensor) -> torch.Tensor:
            with self.accelerator.autocast():
                return vision(
                    pixel_values=pixel_values.to(self.accelerator.device)
                ).last_hidden_state

        self.cached = self.seen.compute(see, self.progress)
        if not self.cached:
            say(
                "The cache has no room for the vision features of all pictures: they are "
                "computed again in every step."
            )

    def train(self) -> tuple[State, int]:
        """-> what happened, and the most memory it took."""
        from torch.utils.data import DataLoader

        from svqa.profiling.machine import MemoryMeter

        job, recipe = self.job, self.job.recipe
        collate = Collate(self.tokens, self.seen, cached=self.cached)
        sampler = PictureBatches(
            self.pictures.row_of[: len(job.train)],
            size=recipe.batch_size,
            together=recipe.questions_per_picture,
            seed=recipe.seed,
        )
        numbers: Any = range(len(job.train))  # a data set of example numbers
        loader: DataLoader[int] = DataLoader(numbers, batch_sampler=sampler, collate_fn=collate)
        rows = range(len(job.train), len(self.examples))

        def exam() -> list[float]:
            return validation.scores(
                _answers(self.accelerator, self.loss, collate, rows), job.val
            ).tolist()

        job.folder.mkdir(parents=True, exist_ok=True)
        loop = Loop(
            self.loss,
            loader,
            recipe,
            accelerator=self.accelerator,
            examine=exam,
            folder=job.folder,
            progress=self.progress,
        )
        with MemoryMeter().track() as used:
            state = loop.run()
        self.steps = loop.steps
        return state, _peak_bytes(self.accelerator.device, used.peak_bytes)

    def write(self, folder: Path, state: State) -> None:
        """Weights as peft or transformers write them, and the curve."""
        from svqa.training.curve_card import save_curve

        if self.job.recipe.use_lora:
            self.model.save_pretrained(folder, save_embedding_layers=False)
            (folder / "README.md").unlink(missing_ok=True)
        else:
            save_whole(self.model, self.processor, folder)
        save_curve(folder, curve_rows(state), title=self.job.name)


def look_alikes(pictures: Pictures, train: int) -> list[str]:
    """-> one warning, if pictures of validation look like pictures of training.

    Those of training are the first `train` examples'.
    """
    rows = [np.unique(part) for part in (pictures.row_of[:train], pictures.row_of[train:])]
    hashes = [
        np.array([perceptual_hash(pictures[r]) for r in part], dtype=np.uint64) for part in rows
    ]
    pairs = near_duplicates(*hashes)
    if not pairs:
        return []
    a, b = (pictures.source(int(part[i])) for part, i in zip(rows, pairs[0], strict=True))
    return [
        f"{len(pairs)} of {len(rows[1])} validation pictures look like a training picture (for "
        f"example {b.path.name}, line {b.line}, and {a.path.name}, line {a.line}): if they show "
        "the same scene, the figures flatter. Both were kept."
    ]


def curve_rows(state: State, points: int = 100) -> list[dict[str, float]]:
    """The loss, averaged over stretches of the run, and every exam's accuracy, by step."""
    parts = np.array_split(np.asarray(state.losses), min(points, len(state.losses)))
    ends = np.cumsum([len(p) for p in parts])
    rows = {
        int(end): {"step": int(end), "loss": float(p.mean())}
        for end, p in zip(ends, parts, strict=True)
    }
    for exam in state.exams:
        rows.setdefault(int(exam["step"]), {"step": int(exam["step"])})["accuracy"] = exam[
            "accuracy"
        ]
    return [rows[step] for step in sorted(rows)]


def _answers(
    accelerator: Accelerator, loss: AnswerLoss, collate: Collate, rows: Sequence[int]
) -> list[str]:
    """Each process answers its share; all get all answers."""
    mine = list(rows)[accelerator.process_index :: accelerator.num_processes]
    said = list(
        zip(
            mine,
            validation.generate_answers(loss, collate, mine, device=accelerator.device),
            strict=True,
        )
    )
    if accelerator.num_processes > 1:
        from accelerate.utils import gather_object

        said = gather_object(said)
    by_row = dict(said)
    return [by_row[row] for row in rows]


def _peak_bytes(device: torch.device, resident: int) -> int:
    """Of the GPU where there is one, else of this process."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    return resident
