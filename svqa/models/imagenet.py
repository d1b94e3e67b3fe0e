"""Pixels -> ImageNet probabilities and activation maps.

In one pass that every model of the `offline` set shares.

Encoder, captioner and detector look at the same frames, whatever batches they come in: what was
computed for a frame is kept by its content, so an ingest pays for the network once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from cachetools import LRUCache

from svqa.media.geometry import fit_frame
from svqa.models.efficientnet import EfficientNetLite
from svqa.models.network_runtime import fastest
from svqa.models.weights import read_torch, verified

SIDE_PX = {"efficientnet-lite0": 224, "efficientnet-lite1": 240, "efficientnet-lite2": 260}
MEAN, STD = 127.0, 128.0  # of the Lite variants; the larger EfficientNets use ImageNet's own
CLASSES, MAPPED = 1000, 8
# on a CPU one frame at a time: as fast, and what is said of a frame depends on no other, to the bit
BATCH = {"cpu": 1, "cuda": 32}
REMEMBERED = 512  # several chunks of 30 s at two frames a second


@dataclass(frozen=True, eq=False)
class Tags:
    """What the classifier says of T frames.

    `probabilities (T, 1000) float32`, rows summing to 1. `top (T, K) int` are the best classes,
    best first, and `maps (T, K, h, w) float32` show where in the frame each of them was seen: the
    class activation maps of Zhou et al. 2016 (arXiv:1512.04150), whose mean is the class's logit
    without its bias. A map covers the whole frame.
    """

    probabilities: np.ndarray
    top: np.ndarray
    maps: np.ndarray

    def __len__(self) -> int:
        return len(self.probabilities)


class ImageNetTagger:
    """EfficientNet-Lite over the whole frame, squeezed into the square the net was trained at.

    Nothing is cut off.
    """

    def __init__(
        self,
        net: EfficientNetLite,
        *,
        side_px: int,
        model_id: str,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ):
        self.model_id = model_id
        self.side_px = side_px
        self._device, self._dtype = device, dtype or torch.float32
        self._batch = BATCH.get(torch.device(device).type, 8)
        self._net = net.to(device, self._dtype)
        example = torch.zeros(1, 3, side_px, side_px, device=device, dtype=self._dtype)
        self._run = fastest(self._net, example, name=model_id)
        self._known: LRUCache[bytes, tuple[np.ndarray, ...]] = LRUCache(REMEMBERED)
        self._lock = Lock()

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> ImageNetTagger:
        """An EfficientNet-Lite from the installed packages, or from a folder.

        `efficientnet-lite0`, `-lite1`, `-lite2`, or a folder with lite0's file.
        """
        name, folder = (
            (path_or_id, None) if path_or_id in SIDE_PX else ("efficientnet-lite0", path_or_id)
        )
        (path,) = verified(name, folder).values()
        net = EfficientNetLite(read_torch(path))
        return cls(net, side_px=SIDE_PX[name], model_id=f"{name}@1", device=device, dtype=dtype)

    def tag(self, pixels: np.ndarray) -> Tags:
        """(T, H, W, 3) uint8 RGB -> Tags.

        The last few hundred different frames are remembered, by content.
        """
        if not len(pixels):
            none = np.zeros((0, CLASSES), np.float32)
            return Tags(none, none[:, :MAPPED].astype(np.int64), none[:, :MAPPED, None, None])
        fitted = [fit_frame(frame, self.side_px) for frame in pixels]
        keys = [hashlib.blake2b(frame.tobytes(), digest_size=16).digest() for frame in fitted]
        frames = dict(zip(keys, fitted, strict=True))
        with self._lock:
            rows = {key: self._known[key] for key in frames if key in self._known}
            fresh = [(key, frame) for key, frame in frames.items() if key not in rows]
            for start in range(0, len(fresh), self._batch):
                batch = fresh[start : start + self._batch]
                made = self._forward(np.stack([frame for _, frame in batch]))
                rows.update(zip((key for key, _ in batch), made, strict=True))
            self._known.update(rows)
        return Tags(
            *(np.stack(column) for column in zip(*(rows[key] for key in keys), strict=True))
        )

    @torch.inference_mode()
    def _forward(self, frames: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        x = torch.from_numpy(frames).to(self._device, self._dtype).sub_(MEAN).div_(STD)
        (features,) = self._run(x.permute(0, 3, 1, 2))  # (T, H, W, 3) -> (T, 1280, h, w)
        classifier = self._net.classifier
        probabilities = classifier(features.mean((2, 3))).float().softmax(-1)
        top = probabilities.topk(MAPPED).indices
        maps = torch.einsum("tchw,tkc->tkhw", features, classifier.weight[top])
        return list(
            zip(*(a.cpu().numpy() for a in (probabilities, top, maps.float())), strict=True)
        )
