"""A trained version and questions -> how likely each option is to each reader, kept on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from svqa.database import StoredVersion
from svqa.models.chat_local import LocalChatModel
from svqa.records import Progress
from svqa.training.base_models import find_base, load_base
from svqa.training.batches import plain
from svqa.training.chat_objective import ChatCollate, ChatLoss, chat_rows
from svqa.training.chat_run import shares
from svqa.training.chat_samples import read_chat_examples
from svqa.training.versions import load_peft

BASE = "smollm2"
# name: (the update is on, lines are shown)
READERS = {
    "frozen": (False, True),
    "LoRA": (True, True),
    "blind, LoRA": (True, False),
    "blind, frozen": (False, False),
}
_BLOCK = 24  # questions between two writes


class Scores:
    """(K,) mean log probability a token of the options, by reader and question; a line each."""

    def __init__(self, path: Path):
        self.path = path
        self.of: dict[tuple[str, str], np.ndarray] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                reader, question, values = json.loads(line)
                self.of[reader, question] = np.array(values)

    def add(self, reader: str, question: str, values: np.ndarray) -> None:
        """Kept at once."""
        self.of[reader, question] = values
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([reader, question, values.round(5).tolist()]) + "\n")


class Reader:
    """The version's model, or the base without any."""

    def __init__(self, version: StoredVersion | None):
        made = load_base(find_base(BASE).folder) if version is None else load_peft(version)
        self.model, tokenizer = made
        self.chat = LocalChatModel(plain(self.model), tokenizer, model_id=BASE)
        self.loss = ChatLoss(self.model).eval()

    def ask(
        self, name: str, file: Path, ids: Sequence[str], kept: Scores, progress: Progress | None
    ) -> None:
        """Weigh the options of the file's questions, by what `READERS` says of the name."""
        sees = READERS[name][1]
        examples = read_chat_examples(file, split="test")
        rows = chat_rows(self.chat, examples, blind=not sees)
        tokenizer = self.chat.tokenizer
        pad_id = tokenizer.pad_token_id
        collate = ChatCollate(rows, int(tokenizer.eos_token_id if pad_id is None else pad_id))
        left = [n for n, question in enumerate(ids) if (name, question) not in kept.of]
        for first in range(0, len(left), _BLOCK):
            block = left[first : first + _BLOCK]
            for n, values in zip(block, shares(self.loss, collate, block), strict=True):
                kept.add(name, ids[n], values)
            if progress is not None:
                progress(f"{name}, {file.stem}", first + len(block), len(left))


def fit_weights(
    readers: Sequence[Mapping[str, np.ndarray]], right: Mapping[str, int]
) -> list[float]:
    """-> the weight of each reader's standardised scores that makes the right options likeliest.

    A conditional logit over the questions of `right`, with a little shrinkage.
    """
    scores = np.array([[reader[q] for q in right] for reader in readers])  # (R, N, K)
    chosen = np.array(list(right.values()))

    def lost(weights: np.ndarray) -> float:
        told = np.tensordot(weights, scores, axes=1)
        top = told[np.arange(len(chosen)), chosen]
        return float((np.logaddexp.reduce(told, axis=1) - top).mean() + 0.01 * weights @ weights)

    return minimize(lost, np.full(len(readers), 0.5)).x.tolist()
