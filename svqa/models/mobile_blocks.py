"""Tensors -> the blocks that networks for small machines share, batch norms folded into them.

Sandler et al. 2018 (MobileNetV2, arXiv:1801.04381), which EfficientNet-Lite (arXiv:1905.11946)
took over: ReLU6, and the padding of TensorFlow, where both were trained.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

BATCH_NORM_EPS = 1e-3


class InvertedResidual(nn.Module):
    """Widen, look around, narrow; the input is added where nothing changed shape.

    `state` holds `{prefix}._expand_conv.weight` (where it widens), `._depthwise_conv.weight`,
    `._project_conv.weight` and the batch norms `._bn0`, `._bn1`, `._bn2` after them.
    """

    def __init__(self, state: dict[str, Tensor], prefix: str, stride: int):
        super().__init__()
        widened = f"{prefix}._expand_conv.weight" in state
        self.expand = (
            convolution(state, f"{prefix}._expand_conv", f"{prefix}._bn0") if widened else None
        )
        self.depthwise = convolution(
            state, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride=stride
        )
        self.project = convolution(state, f"{prefix}._project_conv", f"{prefix}._bn2")
        channels_in = (self.expand or self.depthwise).weight.shape[1 if widened else 0]
        self.residual = stride == 1 and channels_in == self.project.out_channels

    def forward(self, x: Tensor) -> Tensor:
        return self.narrow(self.widen(x), x)

    def widen(self, x: Tensor) -> Tensor:
        return F.relu6(self.expand(x), inplace=True) if self.expand is not None else x

    def narrow(self, y: Tensor, x: Tensor) -> Tensor:
        """What `widen` made of `x`, and `x` -> the result of the block."""
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return y.add_(x) if self.residual else y


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow does.

    What is left over goes to the right and the bottom.
    """

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        # as numbers also while the network is being converted: its input has one size
        for size in (int(x.shape[-1]), int(x.shape[-2])):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


def convolution(state: dict[str, Tensor], conv: str, norm: str, *, stride: int = 1) -> nn.Conv2d:
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
    kind = nn.Conv2d if stride == 1 else SameConv2d
    padding = kernel // 2 if stride == 1 else 0
    made = kind(per_group * groups, out, kernel, stride=stride, padding=padding, groups=groups)
    with torch.no_grad():
        made.weight.copy_(weight)
        assert made.bias is not None, "made with one"
        made.bias.copy_(bias)
    return made
