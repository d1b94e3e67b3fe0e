"""How a model is trained: every setting that its result depends on.

Checked before anything is loaded.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from svqa.errors import UsageError, unknown_name
from svqa.training.presets import PRESETS, preset

PRECISIONS = ("fp32", "bf16", "fp16")
MOST_FRAMES = 64  # of a sequence: every word attends to all of their patches
# with LoRA, without: a low-rank update takes, and needs, larger steps
LEARNING_RATES = {True: 1e-3, False: 1e-4}


@dataclass(frozen=True)
class Recipe:
    """Settings of a run. `use_lora` False trains every weight, the twin that LoRA is held against.

    `batch_size` questions a micro-step, which all processes share, `accumulation` of these a step;
    `questions_per_picture`: up to so many questions about one picture share a batch, where it is
    seen once. `learning_rate` rises over `warmup_share` of the steps and falls along a cosine to
    nothing; gradients are clipped at norm `clip`. Validation is asked every `evaluate_steps` (an
    epoch, if None); after `patience` times without a better accuracy training ends. `save_steps`:
    steps between checkpoints. `cached_features`: vision, where it is frozen, runs once a picture.
    `freeze_vision`: with `use_lora` False every weight but those of vision is trained. `frames`: a
    BLIP sees so many frames of a span or a video as a sequence with their seconds; 0 leaves what
    the base does, which for a plain one is a grid.

    >>> Recipe().schedule(0, 100) < Recipe().schedule(10, 100) == 1.0
    True
    """

    use_lora: bool = True
    preset: str = "blip-text-qv"
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.0
    epochs: int = 3
    batch_size: int = 16
    accumulation: int = 1
    questions_per_picture: int = 4
    learning_rate: float | None = None
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    precision: str = "fp32"
    checkpointing: bool = False
    cached_features: bool = True
    freeze_vision: bool = False
    frames: int = 0
    evaluate_steps: int | None = None
    patience: int = 3
    save_steps: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            preset(self.preset)
        if self.precision not in PRECISIONS:
            raise UsageError(unknown_name("precision", self.precision, PRECISIONS))
        counts = (
            "rank",
            "alpha",
            "epochs",
            "batch_size",
            "accumulation",
            "questions_per_picture",
            "patience",
            "save_steps",
        )
        for name in counts:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.evaluate_steps is not None and self.evaluate_steps < 1:
            raise UsageError(
                "evaluate_steps must be at least 1, or None for an epoch, got "
                f"{self.evaluate_steps}."
            )
        if not 0 <= self.frames <= MOST_FRAMES:
            raise UsageError(f"frames must be 0 to {MOST_FRAMES}, got {self.frames}.")
        if self.freeze_vision and self.use_lora and PRESETS[self.preset].trains_vision:
            raise UsageError(
                f"freeze_vision and the preset '{self.preset}', which trains vision, contradict."
            )
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", LEARNING_RATES[self.use_lora])
        if not (self.peak_rate > 0 and self.clip > 0 and self.weight_decay >= 0):
            raise UsageError(
                "learning_rate and clip must be above 0 and weight_decay not below, got "
                f"{self.learning_rate}, {self.clip} and {self.weight_decay}."
            )
        if not (0 <= self.warmup_share < 1 and 0 <= self.dropout < 1):
            raise UsageError(
                f"warmup_share and dropout are shares below 1, got {self.warmup_share}, "
                f"{self.dropout}."
            )

    @property
    def peak_rate(self) -> float:
        """The learning rate at its highest: what was given, or what suits LoRA or full training."""
        given = self.learning_rate
        return LEARNING_RATES[self.use_lora] if given is None else given

    @property
    def vision_is_frozen(self) -> bool:
        """Whether what the model sees stays as it was, so that it can be computed once."""
        return self.freeze_vision or (self.use_lora and not PRESETS[self.preset].trains_vision)

    def schedule(self, step: int, steps: int) -> float:
        """Share of the learning rate at `step` (from 0) of `steps`.

        A linear warm-up, then a cosine to nothing.
        """
        warmup = max(1, round(self.warmup_share * steps))
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    def to_dict(self) -> dict:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)


def check_precision(precision: str, device: str) -> None:
    """Raises UsageError for fp16 on a CPU: it gives NaN there, and is many times slower."""
    if precision == "fp16" and device == "cpu":
        raise UsageError(
            "fp16 on a CPU gives NaN and is many times slower. Use precision='bf16' or 'fp32'."
        )
