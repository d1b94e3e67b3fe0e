"""Checkpoint -> EfficientNet-Lite, ready to run: the batch norms are folded into the convolutions.

Tan & Le 2019 (arXiv:1905.11946) in the Lite form: no squeeze-and-excitation, ReLU6. Widths and
depths are read from the checkpoint's shapes, so one builder serves Lite 0 to 4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)
BATCH_NORM_EPS = 1e-3


class EfficientNetLite(nn.Module):
    """Normalised pictures (T, 3, H, W) -> the last feature map (T, 1280, H/32, W/32).

    H and W are free.

    `classifier` holds the linear layer that reads the mean of that map.
    """

    def __init__(self, state: dict[str, Tensor]):
        super().__init__()
        self.stem = _convolution(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(*_blocks(state))
        self.head = _convolution(state, "_conv_head", "_bn1")
        classes, width = state["_fc.weight"].shape
        self.classifier = nn.Linear(width, classes)
        self.classifier.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """-> (T, 1280, h, w)."""
        x = F.relu6(self.stem(x), inplace=True)
        return F.relu6(self.head(self.blocks(x)), inplace=True)


class _Block(nn.Module):
    """Widen, look around, narrow: an inverted residual.

    The input is added where nothing changed shape.
    """

    def __init__(self, state: dict[str, Tensor], prefix: str, stride: int):
        super().__init__()
        widened = f"{prefix}._expand_conv.weight" in state
        self.expand = (
            _convolution(state, f"{prefix}._expand_conv", f"{prefix}._bn0") if widened else None
        )
        self.depthwise = _convolution(
            state, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride=stride
        )
        self.project = _convolution(state, f"{prefix}._project_conv", f"{prefix}._bn2")
        channels_in = (self.expand or self.depthwise).weight.shape[1 if widened else 0]
        self.residual = stride == 1 and channels_in == self.project.out_channels

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.expand(x), inplace=True) if self.expand is not None else x
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return y.add_(x) if self.residual else y


class _SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow does.

    What is left over goes to the right and the bottom.
    """

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for size in (x.shape[-1], x.shape[-2]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


def _blocks(state: dict[str, Tensor]) -> list[_Block]:
    """A change of width begins a stage, and only a stage's first block has a stride."""
    count = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("_blocks."))
    strides = iter(STAGE_STRIDES)
    blocks, width = [], None
    for i in range(count):
        prefix = f"_blocks.{i}"
        out = state[f"{prefix}._project_conv.weight"].shape[0]
        blocks.append(_Block(state, prefix, stride=next(strides) if out != width else 1))
        width = out
    return blocks


def _convolution(state: dict[str, Tensor], conv: str, norm: str, *, stride: int = 1) -> nn.Conv2d:
    """One convolution that does what the convolution and its batch norm did."""
    weight, bias = fuse_conv_bn_weights(
        state[f"{conv}.weight"],
        None,
        state[f"{norm}.running_mean"],
        state[f"{norm}.running_var"],
        BATCH_NORM_EPS,
        state[f"{norm}.weight"],
        state[f"{norm}.bias"],
    )
    out, per_group, kernel, _ = weight.shape
    groups = out if per_group == 1 and kernel > 1 else 1
    kind = nn.Conv2d if stride == 1 else _SameConv2d
    padding = kernel // 2 if stride == 1 else 0
    made = kind(per_group * groups, out, kernel, stride=stride, padding=padding, groups=groups)
    with torch.no_grad():
        made.weight.copy_(weight)
        assert made.bias is not None, "made with one"
        made.bias.copy_(bias)
    return made
