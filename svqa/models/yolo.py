"""Frames -> boxes, and tracks over frames.

YOLO11 (Jocher and Qiu 2024), ByteTrack (Zhang et al., arXiv:2110.06864).

A checkpoint is `model.safetensors` and a `config.json` that names one of YOLO11's scales. The
layers come from the architecture file inside ultralytics, never from the checkpoint, because
ultralytics evaluates what such a file says. No pickle is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.models.base import Detector
from svqa.models.checkpoint import write_checksums
from svqa.models.model_folder import check_finite, read_json_object
from svqa.models.pretrained import locate
from svqa.models.ultralytics_settings import keep_ultralytics_quiet
from svqa.models.weights import read_safetensors
from svqa.records import Detection, FrameBatch

STRIDE_PX = 32
BATCH = 32
_TRACKER = {
    "track_high_thresh": 0.25,
    "track_low_thresh": 0.1,
    "new_track_thresh": 0.4,
    "track_buffer": 30,
    "match_thresh": 0.9,
    "fuse_score": False,
}


class YoloDetector(Detector):
    """YOLO11 at any scale.

    Frames are scaled to `image_px` on the longer side; boxes come back in their own pixels.
    """

    def __init__(self, network: torch.nn.Module, names: list[str], *, image_px: int, model_id: str):
        self.network, self.labels, self.image_px, self.model_id = (
            network.eval(),
            tuple(names),
            image_px,
            model_id,
        )

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> YoloDetector:
        """A folder or cached hub model with `model.safetensors` and `config.json`.

        Raises WeightsMissing or WeightsCorrupt; a pickle is never opened.
        """
        found = locate(path_or_id, revision=revision)
        if not (found.folder / "model.safetensors").is_file():
            raise WeightsMissing(
                f"{found.folder}/model.safetensors is not there, and svqa reads no pickled "
                "weights. Turn a .pt file into such a folder with svqa.models.yolo.convert(pt, "
                "folder)."
            )
        try:
            config = read_json_object(found.folder / "config.json")
            tensors = read_safetensors(found.folder / "model.safetensors")
            check_finite(tensors, found.folder)
            network = build(config)
            network.load_state_dict(tensors)
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            raise WeightsCorrupt(
                f"{found.folder} does not hold a YOLO11 as its config.json says: "
                f"{type(error).__name__} {str(error)[:200]}"
            ) from error
        network = network.to(device=device, dtype=dtype)
        return cls(network, config["names"], image_px=config["image_px"], model_id=found.model_id)

    def detect(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """Boxes of every frame in pixels of the given frames.

        Best first within a frame, frames in time order.
        """
        return [
            self._detection(row, float(t_s))
            for rows, t_s in zip(self._rows(frames.pixels, min_score), frames.t_s, strict=True)
            for row in rows
        ]

    def track(self, frames: FrameBatch, *, min_score: float = 0.25) -> list[Detection]:
        """The boxes of `detect` that belong to a track, with its `track_id`.

        1, 2, ... within these frames.
        """
        tracker = _byte_tracker()
        found: list[Detection] = []
        ids: dict[int, int] = {}
        for rows, t_s in zip(
            self._rows(frames.pixels, min(min_score, 0.1)), frames.t_s, strict=True
        ):
            for *xyxy, track, score, label, _ in tracker.update(_TrackerInput(rows)):
                if score >= min_score:
                    row = np.array([*xyxy, score, label])
                    found.append(
                        self._detection(row, float(t_s), ids.setdefault(int(track), len(ids) + 1))
                    )
        return found

    def _detection(self, row: np.ndarray, t_s: float, track_id: int | None = None) -> Detection:
        x0, y0, x1, y1, score, label = (float(v) for v in row)
        name, box = self.labels[int(label)], (x0, y0, x1, y1)
        return Detection(name, min(1.0, score), box, t_s, self.model_id, track_id)

    @torch.inference_mode()
    def _rows(self, pixels: np.ndarray, min_score: float) -> list[np.ndarray]:
        """-> one (N, 6) float32 a frame: x0, y0, x1, y1 in its pixels, score, class; best first."""
        from ultralytics.utils.nms import non_max_suppression

        weight = next(self.network.parameters())
        rows = []
        for first in range(0, len(pixels), BATCH):
            images, scale = letterbox(pixels[first : first + BATCH], self.image_px)
            values = (
                torch.from_numpy(images).to(weight.device).permute(0, 3, 1, 2).to(weight.dtype)
                / 255
            )
            predicted = self.network(values)
            kept = non_max_suppression(predicted, min_score, 0.6, agnostic=True, max_time_img=60.0)
            rows += [_in_frame(k.float().cpu().numpy(), scale, *pixels.shape[1:3]) for k in kept]
        return rows


def build(config: dict) -> torch.nn.Module:
    """An untrained YOLO11 for `config["names"]`.

    `config["scale"]` = [depth, width, most channels].
    """
    keep_ultralytics_quiet()
    import yaml
    from ultralytics import __file__ as package
    from ultralytics.nn.tasks import DetectionModel

    plan = yaml.safe_load(
        (Path(package).parent / "cfg/models/11/yolo11.yaml").read_text(encoding="utf-8")
    )
    depth, width, most_channels = config["scale"]
    plan["scales"], plan["scale"] = {"own": [float(depth), float(width), int(most_channels)]}, "own"
    plan["nc"] = len(config["names"])
    network = DetectionModel(plan, ch=3, verbose=False)
    network.names = dict(enumerate(config["names"]))
    return network


def save(network: torch.nn.Module, config: dict, folder: Path) -> None:
    """Write `model.safetensors` and `config.json`; `checkpoint.seal` afterwards."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()},
        folder / "model.safetensors",
    )
    (folder / "config.json").write_text(
        json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


def convert(pt: str | Path, folder: str | Path) -> Path:
    """An official `yolo11*.pt` -> a sealed checkpoint folder.

    The file is read with torch's `weights_only` unpickler and ultralytics' list of its own layers;
    anything else in it is WeightsCorrupt, and does not run.
    """
    keep_ultralytics_quiet()
    import pickle

    from ultralytics.nn.tasks import torch_safe_load

    try:
        network = torch_safe_load(str(pt), safe_only=True)[0]["model"].float()
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise WeightsCorrupt(
            f"{pt} is not a plain YOLO11 checkpoint: {str(error).splitlines()[0]}"
        ) from error
    plan = network.yaml
    config = {
        "architecture": "yolo11",
        "scale": list(plan["scales"][plan["scale"]]),
        "image_px": 640,
        "names": [network.names[i] for i in range(len(network.names))],
    }
    save(network, config, Path(folder))
    write_checksums(folder)
    return Path(folder)


def letterbox(pixels: np.ndarray, image_px: int) -> tuple[np.ndarray, float]:
    """(T, H, W, 3) uint8 -> the same with the longer side at `image_px`, and the scale.

    Filled with grey to a multiple of 32.
    """
    import cv2

    _, height, width, _ = pixels.shape
    scale = image_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    padded = tuple(-(-side // STRIDE_PX) * STRIDE_PX for side in size)
    images = np.full((len(pixels), padded[1], padded[0], 3), 114, np.uint8)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    for image, frame in zip(images, pixels, strict=True):
        image[: size[1], : size[0]] = (
            frame if scale == 1 else cv2.resize(frame, size, interpolation=how)
        )
    return images, scale


def _in_frame(rows: np.ndarray, scale: float, height: int, width: int) -> np.ndarray:
    rows[:, :4] = np.clip(rows[:, :4] / scale, 0, [width, height, width, height])
    return rows[(rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1])]


def _byte_tracker() -> Any:
    keep_ultralytics_quiet()
    from ultralytics.trackers.byte_tracker import BYTETracker

    return BYTETracker(SimpleNamespace(**_TRACKER))


class _TrackerInput:
    """The rows of one frame in the form that ByteTrack reads."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows
        self.conf, self.cls = rows[:, 4], rows[:, 5]
        self.xywh = np.concatenate(
            [(rows[:, :2] + rows[:, 2:4]) / 2, rows[:, 2:4] - rows[:, :2]], axis=1
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: np.ndarray) -> _TrackerInput:
        return _TrackerInput(self.rows[chosen])
