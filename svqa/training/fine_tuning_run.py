"""One job: base, examples, recipe -> trained, examined and written.

`fine_tune_blip` puts the jobs together.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from svqa.database.stored_records import StoredVersion
from svqa.records import Progress
from svqa.training.base_models import Base
from svqa.training.dataset import Example, data_sha256
from svqa.training.loop import Loop, State
from svqa.training.presets import trainable_share
from svqa.training.recipe import Recipe
from svqa.training.versions import save_whole

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator
    from torch.utils.data import DataLoader


@dataclass(frozen=True, eq=False)
class Job:
    """What a run depends on.

    `folder` is named after all of it, so that only the same run finds its checkpoint.
    """

    recipe: Recipe
    base: Base
    base_name: str
    parent: StoredVersion | None
    train: Sequence[Example]
    val: Sequence[Example]
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


class FineTuningRun(ABC):
    """One job at work: what is asked and answered depends on the kind of model.

    A kind says how its batches are made (`loader`), what is lost on them (`loss`), and how right it
    is about the validation examples (`exam`).
    """

    loss: torch.nn.Module
    reads = False  # whether it answers from lines of text
    cached = False  # whether what was seen is kept instead of computed again

    def __init__(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
    ):
        self.job, self.model, self.processor, self.accelerator = job, model, processor, accelerator
        self.progress = progress if accelerator.is_main_process else None
        self.examples = [*job.train, *job.val]
        self.trainable, self.parameters, self.share = trainable_share(model)
        self.warnings: list[str] = []

    def look(self, say: Callable[[str], None]) -> None:
        """Do what is done once before training."""
        return

    @abstractmethod
    def loader(self) -> DataLoader[int]:
        """-> the training batches, whose sampler has an `epoch`."""

    @abstractmethod
    def exam(self) -> list[float]:
        """-> how right the model is about each validation example."""

    def train(self) -> tuple[State, int]:
        """-> what happened, and the most memory it took."""
        from svqa.profiling.machine import MemoryMeter

        self.job.folder.mkdir(parents=True, exist_ok=True)
        loop = Loop(
            self.loss,
            self.loader(),
            self.job.recipe,
            accelerator=self.accelerator,
            examine=self.exam,
            folder=self.job.folder,
            types=[e.type for e in self.job.val],
            progress=self.progress,
        )
        with MemoryMeter().track() as used:
            state = loop.run()
        self.steps = loop.steps
        return state, _peak_bytes(self.accelerator.device, used.peak_bytes)

    def each(self, rows: Sequence[int], answer: Callable[[Sequence[int]], Sequence[Any]]) -> list:
        """`answer(rows)`, of which each process does its share; all get all."""
        mine = list(rows)[self.accelerator.process_index :: self.accelerator.num_processes]
        said = list(zip(mine, answer(mine), strict=True))
        if self.accelerator.num_processes > 1:
            from accelerate.utils import gather_object

            said = gather_object(said)
        by_row = dict(said)
        return [by_row[row] for row in rows]

    def write(self, folder: Path, state: State) -> None:
        """Weights as peft or transformers write them, and the curve."""
        from svqa.training.curve_card import save_curve

        if self.job.recipe.use_lora:
            self.model.save_pretrained(folder, save_embedding_layers=False)
            (folder / "README.md").unlink(missing_ok=True)
        else:
            save_whole(self.model, self.processor, folder)
        save_curve(folder, curve_rows(state), title=self.job.name)


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


def _peak_bytes(device: torch.device, resident: int) -> int:
    """Of the GPU where there is one, else of this process."""
    if device.type == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    return resident
