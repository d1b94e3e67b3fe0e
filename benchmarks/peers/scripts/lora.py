"""What the trainers share: questions with lines of text, as tokens, and one recipe for LoRA.

The base is SmolLM2-135M in float32; each run begins from the same update, which changes nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from svqa.models.smollm2 import SmolLM2
from svqa.records import Evidence
from svqa.training.batches import PictureBatches
from svqa.training.chat_objective import ChatRow, chat_rows
from svqa.training.chat_samples import ChatExample
from svqa.training.presets import add_lora
from svqa.training.recipe import Recipe

STEPS, RECIPE = 3, Recipe(preset="decoder-qv", batch_size=2, epochs=1)
COLOURS = ("red", "blue", "green", "black")


def chat_and_rows() -> tuple[SmolLM2, list[ChatRow]]:
    """-> the base, and the examples in the order in which both train on them.

    All answers have as many tokens, so that the mean over questions, which svqa takes, is the mean
    over tokens, which others take.
    """
    import torch

    chat = SmolLM2.from_pretrained(dtype=torch.float32)
    count = STEPS * RECIPE.batch_size
    rows = chat_rows(chat, [_example(n) for n in range(count)])
    assert len({len(row.replies[0]) for row in rows}) == 1
    batches = PictureBatches(range(count), size=RECIPE.batch_size, together=1, seed=RECIPE.seed)
    return chat, [rows[n] for batch in batches for n in batch]


def with_update(model: Any) -> Any:
    """-> the base with an update whose numbers are the same in every process."""
    import torch

    torch.manual_seed(RECIPE.seed)
    return add_lora(model, RECIPE.preset, rank=RECIPE.rank, alpha=RECIPE.alpha).train()


def ours() -> Callable[[], list[float]]:
    """-> a function that trains with `svqa.training`, and gives the loss of each step."""
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

    from svqa.training.chat_objective import ChatCollate, ChatLoss
    from svqa.training.loop import Loop

    chat, rows = chat_and_rows()
    collate = ChatCollate(rows, int(chat.tokenizer.pad_token_id))
    accelerator = Accelerator(cpu=True)

    def run() -> list[float]:
        model = with_update(chat.model)
        data: Any = range(len(rows))
        loader = DataLoader(data, batch_sampler=_InOrder(), collate_fn=collate)
        with tempfile.TemporaryDirectory() as folder:
            loop = Loop(
                ChatLoss(model),
                loader,
                RECIPE,
                accelerator=accelerator,
                examine=lambda: [0.0],
                folder=Path(folder),
            )
            losses = loop.run().losses
        model.unload()
        return losses

    return run


class _InOrder:
    """The rows as they lie, in batches."""

    drop_last, batch_size, epoch = False, RECIPE.batch_size, 0

    def __len__(self) -> int:
        return STEPS

    def __iter__(self):
        size = self.batch_size
        return iter([list(range(n * size, (n + 1) * size)) for n in range(STEPS)])


def _example(n: int) -> ChatExample:
    colour = COLOURS[n % len(COLOURS)]
    lines = tuple(
        Evidence(name := f"film{n}.mp4", name, 2.0 * i, 2.0 * i + 2, 1.0, "caption", text)
        for i, text in enumerate(("A dog runs.", f"The ball is {colour}.", "Trees.")[: 2 + n % 2])
    )
    return ChatExample(
        "what colour is the ball",
        (colour,),
        Path(f"film{n}.mp4"),
        f"{n:064x}",
        f"film{n}",
        n + 1,
        evidence=lines,
    )
