"""Average precision and identity by hand; a short training writes a checkpoint that loads."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest

from experiments.tiny_models import train_yolo
from svqa.models.checkpoint import SHIPPED
from svqa.models.yolo import YoloDetector
from svqa.records import Detection


def box(
    left: float, label: str = "red circle", *, t_s: float = 0.0, track_id: int | None = None
) -> Detection:
    return Detection(label, 1.0, (left, 0.0, left + 10, 10.0), t_s, "test", track_id)


def weights_sha256(folder) -> str:
    return json.loads((folder / "checksums.json").read_text())["model.safetensors"]


def test_average_precision_of_perfect_half_and_nothing():
    true = [[[box(0)], [box(20)]], [[box(0)], [box(20)]]]
    assert train_yolo.mean_average_precision(true, true, resamples=10).value == 1
    half = [[[box(0)], []], [[box(0)], []]]
    assert train_yolo.mean_average_precision(half, true, resamples=10).value == pytest.approx(
        0.5, abs=0.01
    )
    wrong_name = [[[box(0, "red star")], [box(20, "red star")]]] * 2
    assert train_yolo.mean_average_precision(wrong_name, true, resamples=10).value == 0
    far_off = [[[box(6)], [box(26)]]] * 2  # overlap 4 of 16
    assert train_yolo.mean_average_precision(far_off, true, resamples=10).value == 0


def test_an_interval_stands_around_its_value():
    rng = np.random.default_rng(0)
    true = [[[box(0)]] for _ in range(40)]
    found = [[[box(0)] if rng.random() < 0.7 else []] for _ in range(40)]
    figure = train_yolo.mean_average_precision(found, true)
    assert figure.n == 40 and figure.low < figure.value < figure.high


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        ([1] * 20, True),
        ([None] * 2 + [1] * 18, True),
        ([None] * 3 + [1] * 17, False),  # missed for more than a tenth of its life
        ([1] * 10 + [2] * 10, False),
        ([None] * 20, False),
    ],
)
def test_keeping_one_id(ids, kept):
    life = [box(0, t_s=i / 10) for i in range(20)]
    tracked = [box(1, t_s=i / 10, track_id=track) for i, track in enumerate(ids) if track]
    # another shape's track does not count
    tracked += [box(50, t_s=i / 10, track_id=9) for i in range(20)]
    assert train_yolo.keeps_one_id(life, tracked) is kept


@pytest.mark.slow
def test_a_short_training_of_yolo_writes_a_checkpoint_that_loads(tmp_path, monkeypatch):
    monkeypatch.setattr(train_yolo, "evaluate", functools.partial(train_yolo.evaluate, videos=2))
    steps = []
    metrics = train_yolo.train(
        tmp_path, 3, steps=6, batch=4, progress=lambda what, done, of: steps.append((done, of))
    )
    assert steps == [(i, 6) for i in range(1, 7)]
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in (SHIPPED / "yolo").iterdir()}
    assert metrics["seed"] == 3 and 0 <= metrics["figures"]["mAP50"]["value"] <= 1
    assert (
        YoloDetector.from_pretrained(tmp_path).labels
        == YoloDetector.from_pretrained(SHIPPED / "yolo").labels
    )
    again = tmp_path / "again"
    train_yolo.train(again, 3, steps=6, batch=4)
    assert weights_sha256(again) == weights_sha256(tmp_path)
