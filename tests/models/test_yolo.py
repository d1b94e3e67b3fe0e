from __future__ import annotations

import json
import os
import pickle
import shutil

import numpy as np
import pytest
import torch

from experiments.tiny_models.train_yolo import keeps_one_id
from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models import SHIPPED, YoloDetector, write_checksums
from svqa.models.yolo import build, convert, keep_ultralytics_quiet, letterbox
from svqa.records import FrameBatch
from svqa.shapes import frame_times, render, scene_of, tracks

SEED = 424_242


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector.from_pretrained(SHIPPED / "yolo")


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_batch_never_changes_a_box(detector):
    frames = render(scene_of(SEED, 0), [0.2, 2.2, 4.2, 6.2], width_px=128)
    together = detector.detect(frames)
    alone = [d for i in range(len(frames)) for d in detector.detect(frames[[i]])]
    assert [(d.label, d.t_s) for d in together] == [(d.label, d.t_s) for d in alone]
    np.testing.assert_allclose([d.xyxy_px for d in together], [d.xyxy_px for d in alone], atol=0.01)


@pytest.mark.parametrize("size_px", [(1, 1), (3, 200), (129, 65), (640, 360)])
def test_any_frame_size_gives_boxes_inside_it(detector, size_px):
    width, height = size_px
    rng = np.random.default_rng(0)
    frames = FrameBatch(rng.integers(0, 255, (2, height, width, 3), dtype=np.uint8), [0.0, 1.0])
    for d in detector.detect(frames, min_score=0.001):
        x0, y0, x1, y1 = d.xyxy_px
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height


def test_boxes_are_pixels_of_the_given_frame(detector):
    scene = scene_of(SEED, 0)
    small, large = (
        detector.detect(render(scene, [2.2], width_px=px), min_score=0.4) for px in (96, 288)
    )
    assert len(small) == len(large) > 0
    ours, theirs = (
        sorted((d.label, *np.array(d.xyxy_px) / px) for d in found)
        for found, px in ((small, 96), (large, 288))
    )
    assert [row[0] for row in ours] == [row[0] for row in theirs]
    np.testing.assert_allclose([row[1:] for row in ours], [row[1:] for row in theirs], atol=0.03)


def test_letterbox_keeps_proportions():
    images, scale = letterbox(np.zeros((1, 50, 100, 3), np.uint8), 64)
    assert images.shape == (1, 32, 64, 3) and scale == 0.64
    images, scale = letterbox(np.zeros((1, 100, 60, 3), np.uint8), 100)
    assert images.shape == (1, 128, 64, 3) and scale == 1
    assert (images[0, 100:] == 114).all() and (images[0, :100, :60] == 0).all()


def test_no_frames_give_no_boxes(detector):
    nothing = FrameBatch(np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0))
    assert detector.detect(nothing) == [] and detector.track(nothing) == []


def test_most_shapes_keep_one_id_while_they_are_seen(detector):
    kept = []
    for index in range(4):
        scene = scene_of(SEED, index)
        clip = render(scene, frame_times(10), width_px=128)
        found = detector.track(clip)
        assert all(d.track_id >= 1 for d in found)
        kept += [keeps_one_id(life, found) for life in tracks(scene, clip.t_s, width_px=128)]
    assert np.mean(kept) >= 0.95


def test_two_calls_of_track_share_nothing(detector):
    clip = render(scene_of(SEED, 1), frame_times(10)[:10], width_px=96)
    assert detector.track(clip) == detector.track(clip)


@pytest.mark.parametrize("damage", ["flip", "truncate"])
def test_a_damaged_checkpoint_is_refused(tmp_path, damage):
    folder = shutil.copytree(SHIPPED / "yolo", tmp_path / "yolo")
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-50] ^= 255
    (folder / "model.safetensors").write_bytes(data if damage == "flip" else data[:-50])
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        YoloDetector.from_pretrained(folder)


def test_a_pickle_under_a_false_name_is_never_opened(tmp_path):
    shutil.copy(SHIPPED / "yolo" / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    with pytest.raises(WeightsCorrupt, match="safetensors"):
        YoloDetector.from_pretrained(tmp_path)
    assert not (tmp_path / "canary").exists()


def test_code_in_a_config_never_runs(tmp_path):
    canary = tmp_path / "canary"
    config = json.loads((SHIPPED / "yolo" / "config.json").read_text())
    config["scale"][0] = config["activation"] = f"__import__('os').mkdir({str(canary)!r})"
    shutil.copy(SHIPPED / "yolo" / "model.safetensors", tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsCorrupt, match=r"config\.json"):
        YoloDetector.from_pretrained(tmp_path)
    assert not canary.exists()


def test_weights_of_another_scale_are_refused(tmp_path):
    config = json.loads((SHIPPED / "yolo" / "config.json").read_text()) | {
        "scale": [0.5, 0.25, 1024]
    }
    shutil.copy(SHIPPED / "yolo" / "model.safetensors", tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    write_checksums(tmp_path)
    with pytest.raises(WeightsCorrupt, match="as its config"):
        YoloDetector.from_pretrained(tmp_path)


def test_an_official_file_is_converted_and_gives_the_same_numbers(tmp_path):
    """A full-size YOLO11n with random weights, saved the way ultralytics saves."""
    torch.manual_seed(0)
    network = build({"scale": [0.5, 0.25, 1024], "names": [f"thing {i}" for i in range(80)]}).eval()
    assert 2.5e6 < sum(p.numel() for p in network.parameters()) < 2.7e6
    torch.save({"model": network}, tmp_path / "yolo11n.pt")
    folder = convert(tmp_path / "yolo11n.pt", tmp_path / "yolo11n")
    loaded = YoloDetector.from_pretrained(folder)
    assert loaded.image_px == 640 and loaded.labels[79] == "thing 79"
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(loaded.network(image)[0], network(image)[0])


def test_an_official_file_with_code_in_it_is_refused(tmp_path):
    keep_ultralytics_quiet()
    torch.save({"model": Canary(tmp_path / "canary")}, tmp_path / "bad.pt")
    with pytest.raises(WeightsCorrupt, match=r"bad\.pt"):
        convert(tmp_path / "bad.pt", tmp_path / "out")
    assert not (tmp_path / "canary").exists()


def test_a_folder_without_safetensors_says_how_to_get_them(tmp_path):
    with pytest.raises(WeightsMissing, match="convert"):
        YoloDetector.from_pretrained(tmp_path)
