"""Frames with their seconds -> one sequence of vision features, so that a BLIP can compare frames.

BLIP answers about videos by the features of several frames side by side (Li et al. 2022,
arXiv:2201.12086, section 5.5), which say what is seen and not when. Here each frame's features get
a code of its second added: attention can then ask for a thing early and for the same thing late.
The code is a linear map of waves from two seconds to more than an hour long (after Vaswani et al.
2017), counted from the first frame, which has none: a sequence of one frame is a picture.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from transformers import BlipConfig, BlipForQuestionAnswering

WAVES = 24
SHORTEST_S, LONGEST_S = 2.0, 4096.0


class TimeCode(torch.nn.Module):
    """Seconds -> what is added to every feature of the frame that was shown then."""

    def __init__(self, width: int):
        super().__init__()
        self.linear = torch.nn.Linear(2 * WAVES, width, bias=False)

    def forward(self, seconds: torch.Tensor) -> torch.Tensor:
        """`seconds (B, T)`, counted from the first frame -> (B, T, 1, D); nothing at second 0."""
        octaves = math.log2(LONGEST_S / SHORTEST_S) / (WAVES - 1)
        waves = torch.arange(WAVES, device=seconds.device, dtype=torch.float32)
        angles = 2 * math.pi * seconds[..., None] / (SHORTEST_S * 2 ** (octaves * waves))
        both = torch.cat([angles.sin(), angles.cos() - 1], dim=-1)
        return self.linear(both.to(next(self.parameters()).dtype))[:, :, None]


class FrameSequenceBlip(BlipForQuestionAnswering):
    """A BLIP with a `TimeCode`; its config says of how many frames (`frame_sequence`)."""

    def __init__(self, config: BlipConfig):
        super().__init__(config)
        vision: Any = config.vision_config
        self.time_code = TimeCode(vision.hidden_size)


def blip_class(folder: Path) -> type[BlipForQuestionAnswering]:
    """-> the class of a BLIP's folder, by its config.json; that of a plain BLIP if in doubt."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return FrameSequenceBlip if config.get("frame_sequence") else BlipForQuestionAnswering
    except (OSError, ValueError, AttributeError):  # whoever loads it says what is wrong
        return BlipForQuestionAnswering


def frames_of(model: Any) -> int:
    """-> how many frames a model sees as a sequence; 0 for one that sees a grid."""
    return int(getattr(model.config, "frame_sequence", 0) or 0)


def add_time_code(model: Any, frames: int, *, strength: float = 0.0) -> bool:
    """Let a BLIP, in place, see `frames` frames as a sequence -> whether its code is new.

    `strength`: the code's size at first, as a share of that of normalised features; at 0 the
    model answers as before, and learns the code from nothing.
    """
    model.config.frame_sequence = frames
    if hasattr(model, "time_code"):
        return False
    code = TimeCode(model.config.vision_config.hidden_size).to(model.device, model.dtype)
    # over all seconds a wave's sine and cosine have a square of 1 together
    torch.nn.init.normal_(code.linear.weight, std=strength / math.sqrt(WAVES))
    model.time_code = code
    return True


def concatenate_frames(model: Any, features: torch.Tensor, seconds: torch.Tensor) -> torch.Tensor:
    """`features (B, T, P, D)`, `seconds (B, T)` -> (B, T * P, D), with the code if there is one."""
    if hasattr(model, "time_code"):
        features = features + model.time_code(seconds - seconds[:, :1])
    return features.flatten(1, 2)


def even_times(span: tuple[float, float], frames: int) -> list[float]:
    """-> the seconds of a sequence's frames: the middles of equal parts of the span.

    >>> even_times((0.0, 8.0), 4)
    [1.0, 3.0, 5.0, 7.0]
    """
    part = (span[1] - span[0]) / frames
    return [span[0] + (i + 0.5) * part for i in range(frames)]
