"""The probes' loss: patches everywhere, counts where they are known."""

from __future__ import annotations

import numpy as np
import torch

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.probes import UNKNOWN, ProbeHeads
from experiments.tiny_models.training_samples import PATCHES, make


def test_probes_are_scored_on_what_is_there_and_counts_on_frames_alone():
    samples = [*make(world.frames, 6, seed=0), *make(world.crowd, 2, seed=0)]
    probes, rows = ProbeHeads(16, samples), np.arange(len(samples))
    assert probes.counts[:6, -1].tolist() == [sum(t.counts[:4]) for t in samples[:6]]
    assert (probes.counts[6:] == UNKNOWN).all()
    features = torch.zeros(len(samples), 1 + PATCHES**2, 16)
    base, _ = probes.loss(features, rows)
    probes.whole.bias.data += 5 * torch.randn(25)  # another guess of how many
    assert probes.loss(features, rows)[0] != base
    crowds, same = probes.loss(features[6:], rows[6:])[0], probes.whole.bias.data.zero_()
    assert probes.loss(features[6:], rows[6:])[0] == crowds and len(same)  # crowds are not counted
