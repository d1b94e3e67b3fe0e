"""Examples of a chat model that sees -> frames, tensors and loss: as `svqa ask` would show them.

A prompt with pictures is read by the model itself, once for all replies to it, whatever places it
gives to pictures among words; a reply is read behind it, as when the model is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from svqa.models.disk_cache import DiskCache
from svqa.records import FrameBatch
from svqa.training.batches import pad, plain
from svqa.training.chat_objective import ChatCollate, ChatLoss, ChatRow
from svqa.training.chat_samples import ChatExample


class Frames:
    """An example -> the frames it is shown, decoded once where there is a cache."""

    def __init__(self, cache: DiskCache | None = None):
        self.cache = cache

    def of(self, example: ChatExample) -> FrameBatch | None:
        """None where it is shown none. Raises MediaError where they cannot be decoded."""
        from svqa.pipeline.frame_selection import frames_as_shown

        if not example.looks_at:
            return None
        made_from = f"{example.sha256} {example.looks_at} {example.size_px} as shown"
        key = hashlib.sha256(made_from.encode()).hexdigest()[:40]
        kept = [self.cache.get(f"{key}{part}") for part in "pt"] if self.cache else [None]
        if all(array is not None for array in kept):
            return FrameBatch(*kept)
        frames = frames_as_shown(example.path, example.looks_at, size_px=example.size_px)
        if self.cache:
            self.cache.put(f"{key}p", frames.pixels)
            self.cache.put(f"{key}t", np.asarray(frames.t_s))
        return frames


class SeeingCollate(ChatCollate):
    """Row numbers -> one batch: `asked`, a question each, beside what is said of the replies.

    A question has `prompt`, the model's own inputs, and `replies (K, L)` with their `lengths (K,)`.
    """

    def __call__(self, numbers: Sequence[int]) -> dict[str, Any]:
        rows = [self.rows[i] for i in numbers]
        asked = [
            {
                "prompt": prompt_inputs(row),
                "replies": pad(row.replies, self.pad_id),
                "lengths": torch.tensor([len(r) for r in row.replies]),
            }
            for row in rows
        ]
        return {"asked": asked, **self.replies_of(rows)}


class SeeingLoss(ChatLoss):
    """The same loss, of a model that is shown pictures."""

    def weigh(self, batch: Mapping[str, Any]) -> torch.Tensor:
        """-> (R,) mean log probability a token of each reply."""
        model = plain(self.model)
        way = self._one_by_one if self.checkpointing else self._together
        return torch.cat([way(model, of) for of in batch["asked"]])

    def _together(self, model: Any, asked: Mapping[str, Any]) -> torch.Tensor:
        """All replies behind one prompt."""
        replies, lengths = asked["replies"], asked["lengths"]
        begun = model(**asked["prompt"], use_cache=True, logits_to_keep=1)
        past = begun.past_key_values
        past.batch_repeat_interleave(len(replies))
        found = model(input_ids=replies, past_key_values=past, use_cache=True).logits
        first = begun.logits[:, -1:].expand(len(replies), -1, -1)
        told = torch.cat([first, found[:, :-1]], 1).float().log_softmax(-1)
        told = told.gather(-1, replies[..., None])[..., 0]
        inside = torch.arange(replies.shape[1], device=replies.device) < lengths[:, None]
        return (told * inside).sum(1) / lengths

    def _one_by_one(self, model: Any, asked: Mapping[str, Any]) -> torch.Tensor:
        """Layers that are computed again keep no keys: each reply reads the prompt anew."""
        found = []
        for reply, n in zip(asked["replies"], asked["lengths"].tolist(), strict=True):
            whole = lengthened(asked["prompt"], reply[:n].tolist())
            logits = model(**whole, use_cache=False, logits_to_keep=n + 1).logits[0, :-1]
            told = logits.float().log_softmax(-1).gather(-1, reply[:n, None])
            found.append(told.mean())
        return torch.stack(found)


def prompt_inputs(row: ChatRow) -> dict[str, torch.Tensor]:
    """-> what the model takes of a row's prompt: its pictures are made anew."""
    assert row.see is not None
    inputs = row.see()
    return lengthened(inputs, row.prompt[inputs["input_ids"].shape[1] :])


def lengthened(inputs: Mapping[str, torch.Tensor], ids: Sequence[int]) -> dict[str, torch.Tensor]:
    """-> the inputs with these words behind them: seen, and no picture among them."""
    tokens = inputs["input_ids"]
    more = torch.tensor([list(ids)], dtype=tokens.dtype, device=tokens.device)
    fill = {"input_ids": more, "attention_mask": torch.ones_like(more)}
    return {
        name: torch.cat([value, fill.get(name, torch.zeros_like(more)).to(value.dtype)], 1)
        if value.shape == tokens.shape
        else value
        for name, value in inputs.items()
    }
