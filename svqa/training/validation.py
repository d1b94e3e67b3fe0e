"""A model and examples -> the answers it gives in its own words, and how many are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from svqa.metrics.answers import exact_match, vqa_accuracy
from svqa.metrics.results import bootstrap_over_groups, figures_by_type
from svqa.models.blip_parts import spoken
from svqa.training.batches import AnswerLoss, Collate, plain
from svqa.training.dataset import Example

MAX_TOKENS = 10
SEVERAL = 3  # references from which on the official VQA accuracy is meant


@torch.no_grad()
def generate_answers(
    loss: AnswerLoss,
    collate: Collate,
    rows: Sequence[int],
    *,
    device: str | torch.device = "cpu",
    batch_size: int = 64,
) -> list[str]:
    """Answers to the examples `rows`, as `BlipAnswerer` gives them.

    The likeliest option where there are some, else likeliest word by word. Questions of one
    length, about equally many frames, share a batch, so that no padding can change an answer.
    """
    blip = plain(loss.model)
    trained, _ = blip.training, loss.eval()
    alike: dict[tuple[int, int, bool], list[tuple[int, int]]] = defaultdict(list)
    for at, row in enumerate(rows):
        frames = collate.seen.pictures.frame_count(int(collate.seen.pictures.row_of[row]))
        length, choose = len(collate.tokens.asked[row]), bool(collate.tokens.options[row])
        alike[length, frames, choose].append((at, row))
    answers = [""] * len(rows)
    for (_, _, choose), bucket in alike.items():
        # so that a picture is seen once
        bucket.sort(key=lambda pair: collate.seen.pictures.row_of[pair[1]])
        for first in range(0, len(bucket), batch_size):
            part = bucket[first : first + batch_size]
            batch = {k: v.to(device) for k, v in collate([row for _, row in part]).items()}
            if choose:
                texts = _choose(loss, batch, [collate.tokens.options[row] for _, row in part])
            else:
                said = _speak(blip.text_decoder, loss.read(blip, batch, loss.see(blip, batch)))
                texts = spoken(collate.seen.processor, said)
            for (at, _), text in zip(part, texts, strict=True):
                answers[at] = text
    loss.train(trained)
    return answers


def value_of(answer: str, references: Sequence[str]) -> float:
    """1 for one of the references, word for word.

    The official VQA accuracy where there are at least three.
    """
    if len(references) >= SEVERAL:
        return vqa_accuracy(answer, references)
    return max(exact_match(answer, reference) for reference in references)


def figures(values: Sequence[float], examples: Sequence[Example], *, seed: int) -> dict:
    """-> `{"accuracy": {value, low, high, n}, "by_type": {...}}`, 95 % intervals over videos."""
    groups, types = [e.group for e in examples], [e.type or "all" for e in examples]
    by_type = figures_by_type(values, groups, types, seed)
    return {
        "accuracy": bootstrap_over_groups(values, groups, seed).to_json(),
        "by_type": {kind: of["accuracy"].to_json() for kind, of in by_type.items()},
    }


def scores(answers: Sequence[str], examples: Sequence[Example]) -> np.ndarray:
    """(N,) how right each answer is."""
    return np.array(
        [value_of(answer, e.answers) for answer, e in zip(answers, examples, strict=True)]
    )


def _choose(
    loss: AnswerLoss, batch: dict[str, torch.Tensor], options: Sequence[tuple[str, ...]]
) -> list[str]:
    """-> the option of each question whose tokens have the highest mean log probability."""
    told = loss.weigh(batch).split([len(of) for of in options])
    return [of[int(part.argmax())] for of, part in zip(options, told, strict=True)]


def _speak(decoder: Any, hidden: torch.Tensor) -> torch.Tensor:
    config = decoder.config
    return decoder.generate(
        input_ids=torch.full((len(hidden), 1), config.bos_token_id, device=hidden.device),
        encoder_hidden_states=hidden,
        max_new_tokens=MAX_TOKENS,
        do_sample=False,
        num_beams=1,
        eos_token_id=config.sep_token_id,
        pad_token_id=config.pad_token_id,
    )
