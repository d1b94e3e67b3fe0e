"""A checkpoint that pickles its modules -> the network, built here from tensors and a plan.

The package's own code is neither imported nor run: each class that the pickle names becomes an
empty stand-in, whose name, numbers and tensors say which layer it was.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from svqa.errors import WeightsCorrupt

STRIDES = (8, 16, 32)
ANCHORS = 3  # shapes of box that a place proposes
MASK_NUMBERS = 32  # a proposal's share in masks, which nobody asks for here
LAYERS = ("Conv", "Concat", "MP", "SPPCSPC", "Upsample", "ISegment")


class Yolov7(nn.Module):
    """(1, 3, H, W), sides a multiple of 32 -> (1, P, 85): every proposal of three scales.

    A proposal: its middle and size in pixels, whether something is there, how much of each kind.
    """

    anchors: torch.Tensor

    def __init__(self, parts: list[Part]):
        super().__init__()
        *layers, head = parts
        self.layers = nn.ModuleList(_layer(part) for part in layers)
        self.sources = [_sources(part, i) for i, part in enumerate(parts)]
        self.heads = nn.ModuleList(_head(head, i) for i in range(len(STRIDES)))
        self.register_buffer("anchors", head.tensors["anchors"].float())  # (3, 3, 2), in strides

    @classmethod
    def read(cls, path: Path) -> Yolov7:
        """From a checkpoint whose checksum was found right. Raises WeightsCorrupt."""
        return cls(read_parts(path))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        needed = {i for sources in self.sources for i in sources}
        kept: dict[int, torch.Tensor] = {-1: x}
        for i, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=False)):
            given = [kept[source] for source in sources]
            x = torch.cat(given, 1) if isinstance(layer, nn.Identity) else layer(given[0])
            if i in needed:
                kept[i] = x
        scales = zip(self.sources[-1], self.heads, STRIDES, self.anchors, strict=True)
        return torch.cat([proposals(head(kept[i]), s, a) for i, head, s, a in scales], 1)


def proposals(raw: torch.Tensor, stride: int, anchors: torch.Tensor) -> torch.Tensor:
    """(1, 3 * 85, h, w) -> (1, 3 * h * w, 85): middles and sizes in pixels, the rest as shares."""
    _, channels, height, width = raw.shape
    told = raw.view(ANCHORS, channels // ANCHORS, height, width).permute(0, 2, 3, 1).sigmoid()
    down, across = (torch.arange(side, device=raw.device) for side in (height, width))
    y, x = torch.meshgrid(down, across, indexing="ij")
    middles = (told[..., :2] * 2 + torch.stack([x, y], -1) - 0.5) * stride
    sizes = (told[..., 2:4] * 2) ** 2 * (anchors * stride)[:, None, None]
    found = torch.cat([middles, sizes, told[..., 4:]], -1)
    return found.reshape(1, -1, channels // ANCHORS)


class PooledPyramid(nn.Module):
    """What a place and its wider surroundings show, beside what it shows alone (SPPCSPC)."""

    def __init__(self, part: Part):
        super().__init__()
        plan = part.parts
        self.into = nn.Sequential(*(_convolution(plan[name]) for name in ("cv1", "cv3", "cv4")))
        self.joined = nn.Sequential(*(_convolution(plan[name]) for name in ("cv5", "cv6")))
        self.past, self.out = (_convolution(plan[name]) for name in ("cv2", "cv7"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        near = self.into(x)
        pooled = [nn.functional.max_pool2d(near, side, 1, side // 2) for side in (5, 9, 13)]
        wide = self.joined(torch.cat([near, *pooled], 1))
        return self.out(torch.cat([wide, self.past(x)], 1))


class Part:
    """What a pickle calls a module: the name of its class, its numbers, its tensors, its parts."""

    name = ""

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Parameters and buffers, by name."""
        both = {**self.__dict__.get("_parameters", {}), **self.__dict__.get("_buffers", {})}
        return {name: tensor.detach() for name, tensor in both.items() if tensor is not None}

    @property
    def parts(self) -> dict[str, Part]:
        """Modules inside, by name."""
        return dict(self.__dict__.get("_modules", {}))


def read_parts(path: Path) -> list[Part]:
    """-> the layers in order. Raises WeightsCorrupt for a pickle that names anything unknown."""
    stand_ins: list[Any] = [(_without_code, "builtins.getattr"), set]
    stand_ins += [(type(name, (Part,), {"name": name}), path) for path, name in _names()]
    try:
        with _only(stand_ins):
            whole = torch.load(path, map_location="cpu", weights_only=True)
        layers = list(whole["model"].parts["model"].parts.values())
        if not layers or any(layer.name not in LAYERS for layer in layers):
            raise ValueError("its layers are others")
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
    ) as error:
        raise WeightsCorrupt(
            f"{path} is not the checkpoint of YOLOv7: {str(error).splitlines()[0]}"
        ) from error
    return layers


@contextmanager
def _only(stand_ins: list[Any]) -> Iterator[None]:
    """Nothing else may be named: another package may have allowed the real classes before."""
    allowed = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        with torch.serialization.safe_globals(stand_ins):
            yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(allowed)


def _names() -> Iterator[tuple[str, str]]:
    """-> the path by which the pickle calls a class, and its name."""
    folders = {
        "models.common": ("Conv", "Concat", "MP", "SPPCSPC", "ImplicitA", "ImplicitM", "Proto"),
        "models.yolo": ("IDetect", "ISegment", "SegmentationModel"),
        "torch.nn.modules.activation": ("SiLU",),
        "torch.nn.modules.batchnorm": ("BatchNorm2d",),
        "torch.nn.modules.container": ("ModuleList", "Sequential"),
        "torch.nn.modules.conv": ("Conv2d",),
        "torch.nn.modules.pooling": ("MaxPool2d",),
        "torch.nn.modules.upsampling": ("Upsample",),
    }
    for folder, names in folders.items():
        for name in names:
            yield f"{folder}.{name}", name


def _without_code(*given: Any) -> None:
    """What the pickle would have called."""


def _sources(part: Part, number: int) -> list[int]:
    """-> the numbers of the layers it reads, -1 the picture: negative ones count backwards."""
    given = part.__dict__["f"]
    named = given if isinstance(given, list) else [given]
    return [number + i if i < 0 else i for i in named]


def _layer(part: Part) -> nn.Module:
    if part.name == "Conv":
        return _convolution(part)
    if part.name == "SPPCSPC":
        return PooledPyramid(part)
    if part.name == "MP":
        return nn.MaxPool2d(2, 2)
    if part.name == "Upsample":
        return nn.Upsample(scale_factor=2.0, mode="nearest")
    return nn.Identity()  # Concat: the network joins what it reads


def _convolution(part: Part) -> nn.Module:
    """Convolution with its batch norm folded in, then SiLU."""
    plan, norm = part.parts["conv"], part.parts["bn"]
    weight = plan.tensors["weight"].float()
    scale, shift, mean, spread = (
        norm.tensors[name].float() for name in ("weight", "bias", "running_mean", "running_var")
    )
    gain = scale / torch.sqrt(spread + norm.__dict__["eps"])
    convolution = _with(
        weight * gain[:, None, None, None], shift - mean * gain, plan.__dict__["stride"]
    )
    return nn.Sequential(convolution, nn.SiLU(inplace=True))


def _head(part: Part, i: int) -> nn.Module:
    """The last convolution of a scale, what is learnt to be added before it folded in, no masks."""
    plan, added = (part.parts[name].parts[str(i)].tensors for name in ("m", "ia"))
    weight, bias = (plan[name].float() for name in ("weight", "bias"))
    bias = bias + weight[:, :, 0, 0] @ added["implicit"].float().flatten()
    kept = torch.arange(len(bias)).view(ANCHORS, -1)[:, :-MASK_NUMBERS].flatten()
    return _with(weight[kept], bias[kept], (1, 1))


def _with(weight: torch.Tensor, bias: torch.Tensor, stride: tuple[int, int]) -> nn.Conv2d:
    out, into, side, _ = weight.shape
    convolution = nn.Conv2d(into, out, side, stride, side // 2)
    convolution.weight = nn.Parameter(weight, requires_grad=False)
    convolution.bias = nn.Parameter(bias, requires_grad=False)
    return convolution
