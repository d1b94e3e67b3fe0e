"""Training writes a checkpoint that loads and is held to its checksums."""

from __future__ import annotations

import json

import pytest

from experiments.tiny_models.train_blip import train_captioner, train_vqa
from svqa.errors import WeightsCorrupt
from svqa.models.blip import BlipAnswerer, BlipCaptioner


@pytest.mark.slow
def test_training_writes_checkpoints_with_checksums_that_load(tmp_path):
    steps = []
    train_captioner(
        tmp_path / "captioner",
        scale=0.01,
        videos=2,
        progress=lambda what, done, of: steps.append((done, of)),
    )
    assert steps[-1][0] == steps[-1][1] == len(steps)
    found = train_vqa(tmp_path / "vqa", scale=0.01, videos=2)
    assert found["seed"] == 0 and found["figures"]["exists"]["n"] >= 1
    for folder, kind in ((tmp_path / "captioner", BlipCaptioner), (tmp_path / "vqa", BlipAnswerer)):
        assert {"README.md", "metrics.json", "curve.json", "curve.png", "checksums.json"} <= {
            p.name for p in folder.iterdir()
        }
        assert len(json.loads((folder / "curve.json").read_text())) >= 2
        kind.from_pretrained(folder)
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        with pytest.raises(WeightsCorrupt, match=r"model\.safetensors"):
            kind.from_pretrained(folder)
