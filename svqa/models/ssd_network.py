"""TensorFlow's frozen graph -> SSD-MobileNetV2 in torch: pictures -> scores and boxes.

SSD: Liu et al. 2016, arXiv:1512.02325; MobileNetV2: Sandler et al. 2018, arXiv:1801.04381. OpenCV
reads the graph as data; torch runs it one and a half times as fast as OpenCV does, and it can be
converted for a runtime that is faster still.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from svqa.models.mobile_blocks import InvertedResidual, convolution

SIDE_PX = 300
STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
SEEN_WIDENED = 13  # the block whose widened map is the first that boxes are read from
EXTRA_WIDTHS = ((256, 512), (128, 256), (128, 256), (64, 128))
CLASSES = 91  # of COCO's ids, of which eighty are used; 0 is none of them
MAP_SIDES = (19, 10, 5, 3, 2, 1)
# of the picture's side: of the anchors of each map, and of the one in between to the next
SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
ASPECTS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
FIRST_SCALES, FIRST_ASPECTS = (0.1, 0.2, 0.2), (1.0, 2.0, 0.5)
MIDDLE_UNIT, SIZE_UNIT = 0.1, 0.2  # of what the network says, as shares of the anchor

_ROOT = "FeatureExtractor/MobilenetV2/"


class SsdNetwork(nn.Module):
    """Pictures (T, 3, 300, 300), -1 to 1 -> scores (T, 1917, C) and boxes (T, 1917, 4).

    A column for each of `category_ids`, a row for each anchor; boxes are left, top, right, bottom
    as shares of the picture. Overlapping boxes are left in.
    """

    anchors: Tensor

    def __init__(self, graph: cv2.dnn.Net, category_ids: Sequence[int]):
        super().__init__()
        tensors = _Tensors(graph)
        state = tensors.state()
        self.stem = convolution(state, "_stem", "_bn0", stride=2)
        self.blocks = nn.ModuleList(
            InvertedResidual(state, f"_blocks.{i}", stride) for i, stride in enumerate(STRIDES)
        )
        self.head = convolution(state, "_head", "_bn1")
        self.extras = nn.ModuleList(_extra(state, f"_extras.{i}") for i in range(len(EXTRA_WIDTHS)))
        maps = range(len(MAP_SIDES))
        self.classes = nn.ModuleList(
            tensors.predictor(f"BoxPredictor_{i}/ClassPredictor", CLASSES, category_ids)
            for i in maps
        )
        self.places = nn.ModuleList(
            tensors.predictor(f"BoxPredictor_{i}/BoxEncodingPredictor", 4, range(4)) for i in maps
        )
        self.columns = len(category_ids)
        self.register_buffer("anchors", torch.from_numpy(anchors()))
        self.eval().requires_grad_(False)

    @classmethod
    def read(cls, graph: Path, plan: Path, category_ids: Sequence[int]) -> SsdNetwork:
        """`graph` and `plan`: TensorFlow's `.pb` and OpenCV's `.pbtxt` of it."""
        return cls(cv2.dnn.readNetFromTensorflow(str(graph), str(plan)), category_ids)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu6(self.stem(x))
        maps = []
        for i, block in enumerate(self.blocks):
            assert isinstance(block, InvertedResidual)
            widened = block.widen(x)
            if i == SEEN_WIDENED:
                maps.append(widened)
            x = block.narrow(widened, x)
        x = F.relu6(self.head(x))
        maps.append(x)
        for extra in self.extras:
            x = extra(x)
            maps.append(x)
        scores = _rows(self.classes, maps, self.columns).sigmoid()
        offsets, anchors = _rows(self.places, maps, 4), self.anchors
        middle = offsets[..., :2] * (MIDDLE_UNIT * anchors[:, 2:]) + anchors[:, :2]
        half = (offsets[..., 2:] * SIZE_UNIT).exp() * (anchors[:, 2:] / 2)
        return scores, torch.cat([middle - half, middle + half], dim=-1)


def _extra(state: dict[str, Tensor], prefix: str) -> nn.Sequential:
    """One more map, of half the side."""
    layers: list[nn.Module] = []
    for conv, stride in (("_narrow", 1), ("_depthwise", 2), ("_widen", 1)):
        name = f"{prefix}.{conv}"
        layers += [convolution(state, name, f"{name}_bn", stride=stride), nn.ReLU6()]
    return nn.Sequential(*layers)


def _rows(predictors: nn.ModuleList, maps: list[Tensor], columns: int) -> Tensor:
    """Maps -> (T, 1917, columns), in the order of the anchors."""
    read = [predict(x).permute(0, 2, 3, 1) for predict, x in zip(predictors, maps, strict=True)]
    return torch.cat([x.reshape(x.shape[0], -1, columns) for x in read], dim=1)


def anchors() -> np.ndarray:
    """-> (1917, 4) float32: middle and size of each anchor, as shares of the picture."""
    rows = []
    for number, side in enumerate(MAP_SIDES):
        between = (SCALES[number] * SCALES[number + 1]) ** 0.5
        kinds = (
            list(zip(FIRST_SCALES, FIRST_ASPECTS, strict=True))
            if number == 0
            else [*((SCALES[number], aspect) for aspect in ASPECTS), (between, 1.0)]
        )
        sizes = np.array([(scale * aspect**0.5, scale / aspect**0.5) for scale, aspect in kinds])
        y, x = np.mgrid[:side, :side]
        middles = (np.stack([x, y], axis=-1) + 0.5).reshape(-1, 1, 2) / side
        both = np.broadcast_arrays(middles, sizes[None])
        rows.append(np.concatenate(both, axis=-1).reshape(-1, 4))
    return np.concatenate(rows).astype(np.float32)


class _Tensors:
    """The graph's tensors by the names that the blocks of `mobile_blocks` look for."""

    def __init__(self, graph: cv2.dnn.Net):
        self._graph = graph

    def blobs(self, layer: str) -> list[Tensor]:
        return [torch.from_numpy(np.array(blob)) for blob in self._graph.getLayer(layer).blobs]

    def predictor(self, layer: str, columns: int, wanted: Sequence[int]) -> nn.Conv2d:
        """The rows of a predictor that belong to the wanted columns, for each of its anchors."""
        weight, bias = self.blobs(f"{layer}/Conv2D")
        rows = torch.tensor(
            [first + i for first in range(0, weight.shape[0], columns) for i in wanted]
        )
        made = nn.Conv2d(weight.shape[1], len(rows), weight.shape[2], padding=weight.shape[2] // 2)
        with torch.no_grad():
            made.weight.copy_(weight[rows])
            assert made.bias is not None, "made with one"
            made.bias.copy_(bias.flatten()[rows])
        return made

    def state(self) -> dict[str, Tensor]:
        state: dict[str, Tensor] = {}

        def put(conv: str, norm: str, layer: str, depthwise: bool = False) -> None:
            end = "depthwise" if depthwise else "Conv2D"
            (state[f"{conv}.weight"],) = self.blobs(f"{_ROOT}{layer}/{end}")
            parts = self.blobs(f"{_ROOT}{layer}/BatchNorm/batchnorm/add_1")
            names = ("running_mean", "running_var", "weight", "bias")
            state.update({f"{norm}.{k}": v.flatten() for k, v in zip(names, parts, strict=True)})

        put("_stem", "_bn0", "Conv")
        for i in range(len(STRIDES)):
            block, layer = f"_blocks.{i}", f"expanded_conv_{i}" if i else "expanded_conv"
            if i:
                put(f"{block}._expand_conv", f"{block}._bn0", f"{layer}/expand")
            put(f"{block}._depthwise_conv", f"{block}._bn1", f"{layer}/depthwise", depthwise=True)
            put(f"{block}._project_conv", f"{block}._bn2", f"{layer}/project")
        put("_head", "_bn1", "Conv_1")
        for i, (narrow, wide) in enumerate(EXTRA_WIDTHS):
            extra, number = f"_extras.{i}", i + 2
            wider = f"layer_19_2_Conv2d_{number}_3x3_s2_{wide}"
            put(
                f"{extra}._narrow",
                f"{extra}._narrow_bn",
                f"layer_19_1_Conv2d_{number}_1x1_{narrow}",
            )
            put(
                f"{extra}._depthwise",
                f"{extra}._depthwise_bn",
                f"{wider}_depthwise",
                depthwise=True,
            )
            put(f"{extra}._widen", f"{extra}._widen_bn", wider)
        return state
