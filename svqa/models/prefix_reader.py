"""Tokens and pictures of a prompt -> keys and values, of which only what is new is computed.

What a prompt has in common with the one before, from its first token on, is not read again: a
second question about the same evidence costs its own words. A picture is read with all others of
its prompt or not at all.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, eq=False)
class ReadPrompt:
    """A prompt that was read: keys and values of each layer, its tokens, what follows.

    `shift`: by how much a token's place differs from its number, where a picture takes fewer places
    than tokens.
    """

    keys: list[tuple[torch.Tensor, torch.Tensor]]
    length: int
    shift: int
    logits: torch.Tensor


class PrefixReader:
    """One model and what it read last; what follows a prompt is read with `feed`.

    `picture_ids`: the tokens that stand for pictures in a prompt.
    """

    def __init__(self, model: Any, picture_ids: Sequence[int] = ()):
        self.model, self._picture_ids = model, torch.tensor(list(picture_ids), dtype=torch.long)
        self._ids = torch.zeros(0, dtype=torch.long)
        self._pictures = b""
        self._past: Any = None
        self.logits = torch.zeros(0)  # (V,) float32: what follows

    @torch.inference_mode()
    def read(self, inputs: Mapping[str, torch.Tensor]) -> int:
        """`input_ids (1, N)` and what belongs to them -> how many of the N were not read again."""
        ids, pictures = inputs["input_ids"][0].cpu(), _digest(inputs)
        same = self._same(ids, pictures)
        if same:
            if more := len(self._ids) - same:
                self._past.crop(-more)
            self._ids = ids[:same]
            self.feed(ids[same:].tolist())
        else:
            self._past = None
            found = self.model(**inputs, use_cache=True, logits_to_keep=1)
            self._past, self._ids = found.past_key_values, ids
            self.logits = found.logits[0, -1].float().cpu()
        self._pictures = pictures
        return same

    @torch.inference_mode()
    def feed(self, ids: Sequence[int]) -> None:
        """Go on with these tokens, no picture among them."""
        more = torch.tensor([list(ids)], device=self.model.device)
        found = self.model(
            input_ids=more, past_key_values=self._past, use_cache=True, logits_to_keep=1
        )
        self._past = found.past_key_values
        self._ids = torch.cat([self._ids, more[0].cpu()])
        self.logits = found.logits[0, -1].float().cpu()

    @torch.inference_mode()
    def weigh(self, continuations: Sequence[Sequence[int]]) -> list[float]:
        """-> mean log probability a token of each, in one batch, without what all begin with."""
        shared = 0
        while all(len(c) > shared + 1 for c in continuations) and (
            len({c[shared] for c in continuations}) == 1
        ):
            shared += 1
        longest = max(map(len, continuations))
        padded = torch.tensor([[*c, *[c[-1]] * (longest - len(c))] for c in continuations])
        past = copy.deepcopy(self._past)  # the forward pass writes into it
        past.batch_repeat_interleave(len(continuations))
        found = self.model(
            input_ids=padded.to(self.model.device), past_key_values=past, use_cache=True
        ).logits.float()
        first = self.logits.to(found.device).expand(len(continuations), 1, -1)
        before = torch.cat([first, found[:, :-1]], dim=1).log_softmax(-1).cpu()
        told = before.gather(-1, padded[..., None])[..., 0]
        return [
            float(row[shared : len(c)].mean()) for row, c in zip(told, continuations, strict=True)
        ]

    @property
    def can_be_kept(self) -> bool:
        """Whether what was read can be cut and joined with what was read of others."""
        return self._past is not None and _can_be_cut(self._past)

    def kept(self) -> ReadPrompt:
        """-> what was read of the prompt, to go on with later, beside others."""
        inner = getattr(self.model, "model", self.model)
        delta = getattr(inner, "rope_deltas", None)
        keys = [(layer.keys.clone(), layer.values.clone()) for layer in self._past.layers]
        shift = 0 if delta is None else int(delta.flatten()[0])
        return ReadPrompt(keys, len(self._ids), shift, self.logits)

    def _same(self, ids: torch.Tensor, pictures: bytes) -> int:
        """How many tokens need not be read again: never the last, whose logits are wanted."""
        if self._past is None or not _can_be_cut(self._past):
            return 0
        n = min(len(ids) - 1, len(self._ids))
        differs = (ids[:n] != self._ids[:n]).nonzero()
        n = int(differs[0]) if len(differs) else n
        seen = torch.isin(ids, self._picture_ids).nonzero()
        if pictures != self._pictures or (len(seen) and int(seen[-1]) >= n):
            return 0
        return n


def _can_be_cut(past: Any) -> bool:
    """Caches that keep a window or a state cannot go back to an earlier token."""
    sliding = getattr(past, "is_sliding", ())
    return hasattr(past, "crop") and not any(sliding)


def _digest(inputs: Mapping[str, torch.Tensor]) -> bytes:
    """Of the pictures among the inputs; nothing where there are none."""
    found = hashlib.sha256()
    for name in sorted(n for n in inputs if n.startswith(("pixel_", "image_"))):
        values = inputs[name].detach().cpu().contiguous()
        found.update(f"{name}{tuple(values.shape)}".encode())
        found.update(values.view(torch.uint8).numpy().tobytes())
    return found.digest()
