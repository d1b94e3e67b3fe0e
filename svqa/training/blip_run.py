"""A job for BLIP: pictures decoded once, seen once where vision is frozen, questions in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from svqa.models.disk_cache import DiskCache
from svqa.models.frame_sequence import frames_of
from svqa.records import Progress
from svqa.training import validation
from svqa.training.batches import AnswerLoss, Collate, PictureBatches, plain, tokenise
from svqa.training.feature_cache import FeatureCache, Pictures, weights_sha256
from svqa.training.fine_tuning_run import FineTuningRun, Job
from svqa.training.leaks import near_duplicates, perceptual_hash

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator
    from torch.utils.data import DataLoader


class BlipRun(FineTuningRun):
    """Model, pictures and batches of one job."""

    loss: AnswerLoss

    def __init__(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
        cache: DiskCache,
    ):
        super().__init__(job, model, processor, accelerator, progress)
        config = (
            model.config
            if hasattr(model.config, "vision_config")
            else model.get_base_model().config
        )
        self.tokens = tokenise(processor, config.text_config, self.examples)
        self.pictures = Pictures(
            self.examples,
            size_px=config.vision_config.image_size,
            cache=cache,
            frames=frames_of(plain(model)),
        )
        made_by = f"{weights_sha256(plain(model).vision_model)} {job.recipe.precision}"
        self.seen = FeatureCache(self.pictures, processor, cache=cache, made_by=made_by)
        self.loss = AnswerLoss(
            model,
            vision_is_frozen=job.recipe.vision_is_frozen,
            checkpointing=job.recipe.checkpointing,
        )

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

    def loader(self) -> DataLoader[int]:
        """Questions about one picture stand together."""
        from torch.utils.data import DataLoader

        recipe, train = self.job.recipe, len(self.job.train)
        self._collate = Collate(self.tokens, self.seen, cached=self.cached)
        sampler = PictureBatches(
            self.pictures.row_of[:train],
            size=recipe.batch_size,
            together=recipe.questions_per_picture,
            seed=recipe.seed,
            frames_of=self.pictures.frame_count,
        )
        numbers: Any = range(train)  # a data set of example numbers
        return DataLoader(numbers, batch_sampler=sampler, collate_fn=self._collate)

    def exam(self) -> list[float]:
        """By its own words."""
        device = self.accelerator.device
        said = self.each(
            range(len(self.job.train), len(self.examples)),
            lambda mine: validation.generate_answers(self.loss, self._collate, mine, device=device),
        )
        return validation.scores(said, self.job.val).tolist()


def look_alikes(pictures: Pictures, train: int) -> list[str]:
    """-> one warning, if pictures of validation look like pictures of training.

    Those of training are the first `train` examples'.
    """
    rows = [np.unique(part) for part in (pictures.row_of[:train], pictures.row_of[train:])]
    hashes = [
        # the frames of a sequence beside each other
        np.array(
            [perceptual_hash(np.hstack([*pictures.frames_at(r)])) for r in part], dtype=np.uint64
        )
        for part in rows
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
