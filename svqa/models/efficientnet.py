"""Checkpoint -> EfficientNet-Lite, ready to run: the batch norms are folded into the convolutions.

Tan & Le 2019 (arXiv:1905.11946) in the Lite form: no squeeze-and-excitation, ReLU6. Widths and
depths are read from the checkpoint's shapes, so one builder serves Lite 0 to 4.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from svqa.models.mobile_blocks import InvertedResidual, convolution

STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)


class EfficientNetLite(nn.Module):
    """Normalised pictures (T, 3, H, W) -> the last feature map (T, 1280, H/32, W/32).

    H and W are free.

    `classifier` holds the linear layer that reads the mean of that map.
    """

    def __init__(self, state: dict[str, Tensor]):
        super().__init__()
        self.stem = convolution(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(*_blocks(state))
        self.head = convolution(state, "_conv_head", "_bn1")
        classes, width = state["_fc.weight"].shape
        self.classifier = nn.Linear(width, classes)
        self.classifier.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """-> (T, 1280, h, w)."""
        x = F.relu6(self.stem(x), inplace=True)
        return F.relu6(self.head(self.blocks(x)), inplace=True)


def _blocks(state: dict[str, Tensor]) -> list[InvertedResidual]:
    """A change of width begins a stage, and only a stage's first block has a stride."""
    count = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("_blocks."))
    strides = iter(STAGE_STRIDES)
    blocks, width = [], None
    for i in range(count):
        prefix = f"_blocks.{i}"
        out = state[f"{prefix}._project_conv.weight"].shape[0]
        blocks.append(InvertedResidual(state, prefix, stride=next(strides) if out != width else 1))
        width = out
    return blocks
