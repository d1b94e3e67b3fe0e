"""A short training writes a checkpoint that loads."""

from __future__ import annotations

import functools

import pytest

from experiments.tiny_models import train_clip
from svqa.models.checkpoint import SHIPPED
from svqa.models.clip import ClipEncoder


@pytest.mark.slow
def test_a_short_training_of_clip_writes_a_checkpoint_that_loads(tmp_path, monkeypatch):
    monkeypatch.setattr(
        train_clip, "evaluate", functools.partial(train_clip.evaluate, galleries=1, videos=4)
    )
    monkeypatch.setattr(train_clip, "CROWD_BANK", 320)
    steps = []
    metrics = train_clip.train(
        tmp_path, 3, steps=6, progress=lambda what, done, of: steps.append((done, of))
    )
    assert steps == [(i, 6) for i in range(1, 7)]
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in (SHIPPED / "clip").iterdir()}
    assert metrics["steps"] == 6
    assert (
        ClipEncoder.from_pretrained(tmp_path).dim
        == ClipEncoder.from_pretrained(SHIPPED / "clip").dim
    )
