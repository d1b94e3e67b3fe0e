"""A loss, batches and an exam -> the best weights.

One loop for a laptop and for several GPUs, by accelerate.

Nothing random outlives a step: the order of an epoch comes from (seed, epoch), dropout from (seed,
step), the learning rate from the step. So a run that was killed goes on from its last checkpoint to
the very weights it would have had. Nor does it matter how many processes share a batch, but for
rounding, and for dropout, which each draws for itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from svqa.records import Progress
from svqa.training.recipe import Recipe
from svqa.training.shared_batches import SHARE, shared_loader

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

CHECKPOINT = "checkpoint.pt"
Examine = Callable[[], Sequence[float]]


@dataclass
class State:
    """What a checkpoint holds beside weights and optimizer.

    How far, how well, and the curve on the way.
    """

    step: int = 0
    best_step: int = 0
    best: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    since_best: int = 0
    stopped: bool = False
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    exams: list[dict[str, float]] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Ended early because validation no longer got better."""
        return self.stopped

    def note(self, values: Sequence[float], patience: int, types: Sequence[str] = ()) -> bool:
        """Take down an exam, in all and by type; -> whether it is the best so far."""
        now, best = _mean(values), _mean(self.best)
        exam: dict[str, float] = {"step": self.step, "accuracy": now}
        for kind in dict.fromkeys(types):
            of = [v for v, t in zip(values, types, strict=True) if t == kind]
            exam[f"accuracy of {kind or 'all'}"] = _mean(of)
        self.exams.append(exam)
        if self.best and now <= best:
            self.since_best += 1
            self.stopped = self.since_best >= patience
            return False
        self.best, self.best_step, self.since_best = [float(v) for v in values], self.step, 0
        return True


class Loop:
    """Trains `loss` (a module: batch -> scalar) on `loader` and leaves the best weights in it.

    `examine` gives a value an example of validation; the first exam, before any step, counts too: a
    run that never gets better ends with an update that changes nothing. `types` are those of the
    examples, for the curve. `folder` keeps the checkpoint, under the name of the run.
    """

    def __init__(
        self,
        loss: torch.nn.Module,
        loader: DataLoader[int],
        recipe: Recipe,
        *,
        accelerator: Accelerator,
        examine: Examine,
        folder: Path,
        types: Sequence[str] = (),
        progress: Progress | None = None,
    ):
        self.recipe, self.accelerator, self.examine, self.progress = (
            recipe,
            accelerator,
            examine,
            progress,
        )
        self.types = types
        self.path = Path(folder) / CHECKPOINT
        self.batches: Any = loader.batch_sampler
        self.weights = {n: p for n, p in loss.named_parameters() if p.requires_grad}
        optimizer = torch.optim.AdamW(
            self.weights.values(),
            lr=recipe.peak_rate,
            weight_decay=recipe.weight_decay,
            betas=(0.9, 0.98),
        )
        self.loss, self.optimizer = accelerator.prepare(loss, optimizer)
        self.loader = shared_loader(loader, accelerator)
        self.epoch_steps = -(-len(self.loader) // recipe.accumulation)
        self.steps = recipe.epochs * self.epoch_steps
        self.state = State()
        self.best_weights: dict[str, torch.Tensor] = {}

    def run(self) -> State:
        """Train to the end, or to where validation stops getting better.

        -> what happened on the way.
        """
        if not self._resume():
            self._exam()
            self.state.before = list(self.state.best)
        every = self.recipe.evaluate_steps or self.epoch_steps
        with torch.random.fork_rng(devices=[]):
            while self.state.step < self.steps and not self.state.stopped:
                began = time.perf_counter()
                for _ in self._epoch():
                    self.state.seconds += time.perf_counter() - began
                    if self.state.step % every == 0 or self.state.step == self.steps:
                        self._exam()
                    if (
                        self.state.step % self.recipe.save_steps == 0
                        or self.state.step % every == 0
                    ):
                        self._save()
                    if self.progress:
                        self.progress(
                            f"training, loss {self.state.losses[-1]:.3f}",
                            self.state.step,
                            self.steps,
                        )
                    if self.state.stopped:
                        break
                    began = time.perf_counter()
        self._save()
        self._load_weights(self.best_weights)
        return self.state

    def _epoch(self) -> Iterator[None]:
        """Yields after each step of the rest of the epoch in which `state.step` lies."""
        epoch, done = divmod(self.state.step, self.epoch_steps)
        self.batches.epoch = epoch
        loader, recipe = self.loader, self.recipe
        if done:
            loader = self.accelerator.skip_first_batches(loader, done * recipe.accumulation)
        self.loss.train()
        total, parts = 0.0, 0
        for batch in loader:
            if not parts:
                self._set_out()
            with self.accelerator.accumulate(self.loss):
                share = batch.pop(SHARE)
                lost = self.loss(batch) * share
                self.accelerator.backward(lost)
                total, parts = total + self._mean_of(lost), parts + 1
                if self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(self.weights.values(), recipe.clip)
                self.optimizer.step()
                self.optimizer.zero_grad()
            if self.accelerator.sync_gradients:
                self.state.step += 1
                self.state.losses.append(total / parts)
                total, parts = 0.0, 0
                yield

    def _mean_of(self, lost: torch.Tensor) -> float:
        """-> the loss of the whole batch, of which each process had a part."""
        return float(self.accelerator.reduce(lost.detach(), "mean"))

    def _set_out(self) -> None:
        """Learning rate and dropout of the coming step, from its number alone."""
        step, recipe = self.state.step, self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.peak_rate * recipe.schedule(step, self.steps)
        torch.manual_seed((recipe.seed * 1_000_003 + step) * 101 + self.accelerator.process_index)

    def _exam(self) -> None:
        if self.state.note(self.examine(), self.recipe.patience, self.types):
            self.best_weights = {n: p.detach().cpu().clone() for n, p in self.weights.items()}
        self.loss.train()

    def _save(self) -> None:
        """Whole or not at all: a kill in the middle leaves the checkpoint before."""
        if not self.accelerator.is_main_process:
            return
        draft = self.path.with_suffix(".part")
        scaler = self.accelerator.scaler
        torch.save(
            {
                "state": asdict(self.state),
                "weights": {n: p.detach().cpu() for n, p in self.weights.items()},
                "best_weights": self.best_weights,
                "optimizer": self.optimizer.state_dict(),
                "scaler": scaler.state_dict() if scaler else None,
            },
            draft,
        )
        os.replace(draft, self.path)

    def _resume(self) -> bool:
        """-> whether there was a checkpoint, which is loaded as data: no code in it could run."""
        if not self.path.is_file():
            return False
        kept: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        self.state, self.best_weights = State(**kept["state"]), kept["best_weights"]
        self._load_weights(kept["weights"])
        self.optimizer.load_state_dict(kept["optimizer"])
        if kept["scaler"] and self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(kept["scaler"])
        return True

    @torch.no_grad()
    def _load_weights(self, weights: dict[str, torch.Tensor]) -> None:
        for name, value in weights.items():
            self.weights[name].copy_(value)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
