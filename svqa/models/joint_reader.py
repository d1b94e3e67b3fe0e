"""Several prompts that were read -> what follows each, their replies read together, step by step.

A step costs one pass of the model for all of them, and what a pass costs most is bringing the
weights, so several questions cost little more than one. Each row sees its own prompt alone: shorter
ones are filled on the left with keys that nobody sees, and so are the steps in which a row reads
fewer tokens than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from svqa.models.prefix_reader import ReadPrompt
from svqa.models.schema_writing import Steps


class JointReader:
    """`prompts` of one model; `read` goes on with some of them."""

    def __init__(self, model: Any, prompts: Sequence[ReadPrompt]):
        from transformers import DynamicCache

        self.model = model
        longest = max(p.length for p in prompts)
        self._past = DynamicCache()
        for layer in range(len(prompts[0].keys)):
            keys, values = (
                torch.cat([_filled(p.keys[layer][part], longest) for p in prompts])
                for part in (0, 1)
            )
            self._past.update(keys, values, layer)
        self._seen = torch.tensor(
            [[n >= longest - p.length for n in range(longest)] for p in prompts]
        )
        self._place = torch.tensor([p.length + p.shift for p in prompts])

    @torch.inference_mode()
    def read(self, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Tokens of every row, at least one -> (V,) float32 a row: what follows."""
        longest = max(map(len, rows))
        length = torch.tensor([len(r) for r in rows])
        ids = torch.tensor([[*[r[0]] * (longest - len(r)), *r] for r in rows])
        new = torch.arange(longest) >= (longest - length)[:, None]
        place = self._place[:, None] + torch.arange(longest) - (longest - length)[:, None]
        self._seen = torch.cat([self._seen, new], dim=1)
        device = self.model.device
        found = self.model(
            input_ids=ids.to(device),
            attention_mask=self._seen.long().to(device),
            position_ids=place.clamp(min=0).to(device),
            past_key_values=self._past,
            use_cache=True,
            logits_to_keep=1,
        )
        self._past = found.past_key_values
        self._place = self._place + length
        return list(found.logits[:, -1].float().cpu())

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone."""
        at = torch.tensor(rows)
        self._past.batch_select_indices(at.to(self.model.device))
        self._seen, self._place = self._seen[at], self._place[at]


def write_together(model: Any, prompts: Sequence[ReadPrompt], steps: Sequence[Steps]) -> list[Any]:
    """-> what each of the writers returns, one a prompt: all that wait are read in one pass."""
    done: list[Any] = [None] * len(steps)
    live: list[int] = []
    wanted: list[list[int]] = []
    for i, step in enumerate(steps):
        try:
            wanted.append(next(step))
            live.append(i)
        except StopIteration as end:
            done[i] = end.value
    if not live:
        return done
    reader = JointReader(model, [prompts[i] for i in live])
    while live:
        follows = reader.read(wanted)
        left, wanted = [], []
        for row, i in enumerate(live):
            try:
                wanted.append(steps[i].send(follows[row]))
                left.append(row)
            except StopIteration as end:
                done[i] = end.value
        if len(left) < len(live) and left:
            reader.keep(left)
        live = [live[row] for row in left]
    return done


def _filled(keys: torch.Tensor, longest: int) -> torch.Tensor:
    """(1, H, N, D) -> (1, H, longest, D), filled on the left."""
    return torch.nn.functional.pad(keys, (0, 0, longest - keys.shape[2], 0))
