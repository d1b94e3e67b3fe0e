"""The shipped checkpoints' cards, and the command that trains them."""

from __future__ import annotations

import json

import pytest

from experiments.tiny_models import run
from svqa.models.checkpoint import SHIPPED


@pytest.mark.parametrize("name", ["clip", "yolo"])
def test_the_card_shows_the_figures_that_the_training_wrote(name):
    metrics = json.loads((SHIPPED / name / "metrics.json").read_text())
    card = (SHIPPED / name / "README.md").read_text()
    for figure, value in metrics["figures"].items():
        assert (
            f"| {figure} | {value['value']:.3f} | [{value['low']:.3f}, "
            f"{value['high']:.3f}] | {value['n']} |"
        ) in card
    assert metrics["evaluation_seed"] != metrics["seed"] and metrics["commit"] in card
    assert sum(p.stat().st_size for p in (SHIPPED / name).iterdir()) < 5e6


def test_every_name_trains_a_model_of_its_own(monkeypatch, tmp_path, capsys):
    figures = {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}}
    for name, (module, function, folder) in run.TRAINERS.items():
        called = []

        def train(out, seed, *, progress, called=called):
            called.append((out, seed))
            return {"figures": figures}

        monkeypatch.setattr(f"{module}.{function}", train)
        run.main([name, "--out", str(tmp_path / folder), "--seed", "4"])
        assert called == [(tmp_path / folder, 4)]
        assert "0.500 [0.400, 0.600] n = 9" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run.main(["segmenter"])
