"""A job for a chat model: the prompts of its questions, and which option or words it answers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from svqa.models.chat_local import LocalChatModel
from svqa.models.disk_cache import DiskCache
from svqa.records import Progress
from svqa.training import validation
from svqa.training.batches import PictureBatches, plain
from svqa.training.chat_frames import Frames, SeeingCollate, SeeingLoss, prompt_inputs
from svqa.training.chat_objective import ChatCollate, ChatLoss, ChatRow, chat_rows
from svqa.training.chat_samples import ChatExample
from svqa.training.fine_tuning_run import FineTuningRun, Job

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

TOGETHER = 4  # questions that are weighed in one pass
MOST_TOKENS = 24  # of an answer in words


class ChatRun(FineTuningRun):
    """Model, prompts and batches of one job."""

    reads = True
    loss: ChatLoss

    def __init__(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
        cache: DiskCache,
    ):
        super().__init__(job, model, processor, accelerator, progress)
        chat = LocalChatModel(plain(model), processor, model_id=job.name)
        examples = cast("list[ChatExample]", self.examples)
        self.collate = collate_for(chat, examples, Frames(cache))
        self.tokenizer = chat.tokenizer
        kind = SeeingLoss if chat.sees else ChatLoss
        self.loss = kind(model, checkpointing=job.recipe.checkpointing)

    def loader(self) -> DataLoader[int]:
        """In an order of its own for every epoch."""
        from torch.utils.data import DataLoader

        recipe, numbers = self.job.recipe, range(len(self.job.train))
        sampler = PictureBatches(numbers, size=recipe.batch_size, together=1, seed=recipe.seed)
        data: Any = numbers  # a data set of example numbers
        return DataLoader(data, batch_sampler=sampler, collate_fn=self.collate)

    def exam(self) -> list[float]:
        """The likeliest option, or the likeliest words where there is none."""
        rows = range(len(self.job.train), len(self.examples))
        said = self.each(rows, self._answers)
        return validation.scores(said, self.job.val).tolist()

    def _answers(self, rows: Sequence[int]) -> list[str]:
        return answers(self.loss, self.collate, self.tokenizer, self.examples, rows)


def answers_of(model: Any, processor: Any, examples: Sequence[Any]) -> list[str]:
    """-> what a model answers to examples that it was not trained on."""
    chat = LocalChatModel(model, processor, model_id="")
    with tempfile.TemporaryDirectory() as folder:
        collate = collate_for(chat, examples, Frames(DiskCache(folder)))
        loss = (SeeingLoss if chat.sees else ChatLoss)(model)
        return answers(loss, collate, chat.tokenizer, examples, range(len(examples)))


def collate_for(
    chat: LocalChatModel, examples: Sequence[ChatExample], frames: Frames
) -> ChatCollate:
    """-> how examples become batches of this model."""
    rows = chat_rows(chat, examples, frames=frames.of)
    pad_id = chat.tokenizer.pad_token_id
    pad_id = int(chat.tokenizer.eos_token_id if pad_id is None else pad_id)  # nothing sees it
    return (SeeingCollate if chat.sees else ChatCollate)(rows, pad_id)


@torch.no_grad()
def shares(
    loss: ChatLoss, collate: ChatCollate, rows: Sequence[int], progress: Progress | None = None
) -> list[np.ndarray]:
    """-> for each row (K,) the mean log probability a token of each of its replies."""
    from accelerate.utils import send_to_device

    trained, _ = loss.training, loss.eval()
    device = plain(loss.model).device
    # rows of like length together: fewer pads
    order = sorted(range(len(rows)), key=lambda n: len(collate.rows[rows[n]].prompt))
    found: list[np.ndarray] = [np.zeros(0)] * len(rows)
    for first in range(0, len(order), TOGETHER):
        part = order[first : first + TOGETHER]
        batch = send_to_device(collate([rows[n] for n in part]), device)
        told, owner = loss.weigh(batch).cpu().numpy(), batch["owner"].cpu().numpy()
        for b, n in enumerate(part):
            found[n] = told[owner == b].astype(np.float64)
        if progress is not None:
            progress("questions", first + len(part), len(order))
    loss.train(trained)
    return found


def answers(
    loss: ChatLoss,
    collate: ChatCollate,
    tokenizer: Any,
    examples: Sequence[Any],
    rows: Sequence[int],
) -> list[str]:
    """-> what the model answers to the examples `rows`, as `ChatAnswerer` chooses."""
    choose = [row for row in rows if collate.rows[row].choose]
    weighed = dict(zip(choose, shares(loss, collate, choose), strict=True))
    return [
        tuple(examples[row].replies)[int(weighed[row].argmax())]  # an option given twice is one
        if row in weighed
        else _words(plain(loss.model), tokenizer, collate.rows[row])
        for row in rows
    ]


@torch.no_grad()
def _words(causal: Any, tokenizer: Any, row: ChatRow) -> str:
    """Likeliest token by token, to where the answer's quotation mark closes."""
    trained, _ = causal.training, causal.eval()
    inputs = (
        {"input_ids": torch.tensor([list(row.prompt)])} if row.see is None else prompt_inputs(row)
    )
    inputs = {name: value.to(causal.device) for name, value in inputs.items()}
    past: Any = None
    said: list[int] = []
    for _ in range(MOST_TOKENS):
        found = causal(**inputs, past_key_values=past, use_cache=True, logits_to_keep=1)
        past, best = found.past_key_values, int(found.logits[0, -1].argmax())
        text = tokenizer.decode([*said, best])
        if '"' in text or best == tokenizer.eos_token_id:
            said_text = text.partition('"')[0]
            break
        said.append(best)
        said_text, inputs = text, {"input_ids": torch.tensor([[best]], device=causal.device)}
    causal.train(trained)
    return said_text.strip()
