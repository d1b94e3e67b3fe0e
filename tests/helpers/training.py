"""Question files with a few pictures or videos, for the tests of training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

ASKED = (
    "what colour is the circle?",
    "is there a square?",
    "how many are there?",
    "where is the blue square in the circle?",
)
ANSWERS = ("red", "blue", "yes", "two", "left", "green circle")


def write_rows(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def picture_rows(
    folder: Path,
    count: int,
    *,
    seed: int,
    per_picture: int = 1,
    split: str | None = None,
    by_question: bool = False,
) -> list[dict]:
    """`count` questions about noise.

    An answer can only be learnt by heart, or `by_question` told from the words.
    """
    rng, rows = np.random.default_rng(seed), []
    for i in range(count):
        name = f"noise-{seed}-{i // per_picture}.png"
        if i % per_picture == 0:
            Image.fromarray(rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(folder / name)
        asked = (i + i // len(ASKED)) % len(ASKED)
        row = {
            "image": name,
            "question": ASKED[asked],
            "answer": ANSWERS[asked if by_question else i % len(ANSWERS)],
        }
        rows.append(row | ({"split": split} if split else {}))
    return rows


def write_task(folder: Path, *, train: int = 10, val: int = 4, **how) -> tuple[Path, Path]:
    """-> a file to train on and one to validate on."""
    folder.mkdir(parents=True, exist_ok=True)
    return (
        write_rows(folder / "train.jsonl", picture_rows(folder, train, seed=1, **how)),
        write_rows(folder / "val.jsonl", picture_rows(folder, val, seed=2, **how)),
    )
