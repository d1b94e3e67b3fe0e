"""Vision features -> what covers each patch and how much there is: auxiliary probes of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from experiments.tiny_models.training_samples import PATCHES, TrainingSample
from svqa.shapes.scene import COLOURS, MAX_OBJECTS, SHAPES

UNKNOWN = -100  # a count that is not known, which the loss leaves out


class ProbeHeads(torch.nn.Module):
    """Linear probes that keep information in the vision encoder; trained with it, then dropped.

    From a patch: which shape and colour covers it, which shape has its centre there, and which
    patch it is. From the first token: how many there are of each shape, and in all.
    """

    parts = (1 + len(SHAPES), 1 + len(COLOURS), 1 + len(SHAPES), PATCHES**2)

    def __init__(self, width: int, samples: Sequence[TrainingSample]):
        super().__init__()
        self.patch = torch.nn.Linear(width, sum(self.parts))
        self.whole = torch.nn.Linear(width, (len(SHAPES) + 1) * (MAX_OBJECTS + 1))
        places = np.broadcast_to(np.arange(PATCHES**2), (len(samples), 1, PATCHES**2))
        patches = np.stack([t.patches for t in samples]).reshape(len(samples), 3, -1)
        self.patches = torch.from_numpy(np.concatenate([patches, places], axis=1))
        unknown = (UNKNOWN,) * (len(SHAPES) + 1)
        self.counts = torch.tensor([t.counts or unknown for t in samples])

    def loss(self, features: torch.Tensor, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """`features (B, 1 + patches, D)` of samples `rows` -> loss, accuracy on covered patches."""
        labels, counts = self.patches[rows], self.counts[rows]
        logits = self.patch(features[:, 1:]).transpose(1, 2).split(self.parts, dim=1)
        wrong = [
            F.cross_entropy(part, labels[:, i], reduction="none") for i, part in enumerate(logits)
        ]
        covered = labels[:, 0] > 0
        of_patches = (
            (wrong[0] + wrong[1] + wrong[2]) * torch.where(covered, 1.0, 0.3)
        ).mean() + 0.1 * wrong[3].mean()
        right = (logits[0].argmax(1) == labels[:, 0]) & (logits[1].argmax(1) == labels[:, 1])
        how_many = self.whole(features[:, 0]).view(len(rows), MAX_OBJECTS + 1, -1)
        known = max(1, int((counts != UNKNOWN).sum()))
        of_whole = F.cross_entropy(how_many, counts, ignore_index=UNKNOWN, reduction="sum") / known
        return of_patches + of_whole, float(right[covered].float().mean())
