"""The arms of the LoRA study: the answer prior, the frozen base, full fine-tuning and LoRA.

Each trained arm is a run of `fine_tune_blip` on the same question file of the shapes world and a
test on videos that no run has seen; an arm gives a row with its cost and a value a test question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lora.task import KEPT, LEARNT, write_task
from svqa.records import Progress
from svqa.shapes.balance import gist
from svqa.training.dataset import Example, read_examples
from svqa.training.lora import BASE, fine_tune_blip
from svqa.training.promote import ask
from svqa.training.versions import find_base

FROZEN = {"arm": "frozen", "replay": None, "rank": None}
BASELINE = {"arm": "answer prior", "replay": None, "rank": None}
TEST_SEED, VAL_SEED, TRAIN_SEED = 61_000, 62_000, 63_000  # of the videos; a run adds its own seed
ARMS: dict[str, dict[str, Any]] = {
    "full": {"use_lora": False, "learning_rate": 7e-4},
    "LoRA, q/v of the text": {"preset": "blip-text-qv", "learning_rate": 3e-3},
    "LoRA, all linear": {"preset": "blip-all-linear", "learning_rate": 2e-3},
    "LoRA, all linear of the text": {"preset": "blip-text-linear", "learning_rate": 2e-3},
}


@dataclass(frozen=True)
class Plan:
    """How much: videos to train, validate and test on, questions a step, epochs."""

    train_videos: int = 3000
    val_videos: int = 100
    test_videos: int = 500
    batch_size: int = 64
    epochs: int = 4
    settings: Mapping[str, Any] = field(default_factory=dict)


def run_arm(
    arm: str,
    seed: int,
    folder: str | Path,
    plan: Plan = Plan(),
    *,
    replay: bool = True,
    base: str = BASE,
    progress: Progress | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Train one arm and test it on fresh videos -> a row: cost, and a value a test question.

    `changes` override the arm's settings (`rank=4`). Question files are made in `folder` where they
    are not there.
    """
    folder = Path(folder)
    train, val, test = (task_file(folder, kind, seed, plan) for kind in ("train", "val", "test"))
    types = (*LEARNT, *KEPT) if replay else LEARNT
    settings = {
        "batch_size": plan.batch_size,
        "seed": seed,
        "patience": 99,
        "questions_per_picture": 8,
        "save_steps": 200,
        **plan.settings,
        **ARMS[arm],
        **changes,
    }
    version = fine_tune_blip(
        train,
        val,
        plan.epochs,
        settings.pop("use_lora", True),
        base=base,
        types=types,
        out=folder / "models",
        database=f"sqlite:///{folder / 'experiment.db'}",
        cache=folder / "cache",
        device="cpu",
        name=arm.replace(", ", "-").replace(" ", "-").replace("/", ""),
        progress=progress,
        **settings,
    )
    examples = read_examples(test, split="test")
    return {
        "arm": arm,
        "seed": seed,
        "replay": replay,
        "rank": version.settings["rank"] if version.settings["use_lora"] else None,
        "trainable": version.figures["trainable"],
        "trainable_share": version.figures["trainable_share"],
        "seconds": round(version.seconds, 1),
        "steps": version.figures["steps"],
        "best_step": version.figures["best_step"],
        "peak_memory_mib": round(version.peak_memory_bytes / 2**20),
        "settings": {
            k: version.settings[k]
            for k in ("learning_rate", "batch_size", "epochs", "alpha", "preset")
        },
        "base_sha256": version.base_sha256,
        "values": _coded(ask(version, examples)),
    }


def frozen_row(
    seed: int, folder: str | Path, plan: Plan = Plan(), *, base: str = BASE
) -> dict[str, Any]:
    """The base as it is, on the same test."""
    examples = read_examples(task_file(Path(folder), "test", seed, plan), split="test")
    return {
        **FROZEN,
        "seed": seed,
        "trainable": 0,
        "trainable_share": 0.0,
        "base_sha256": find_base(base).sha256,
        "values": _coded(ask(base, examples)),
    }


def task_file(folder: Path, kind: str, seed: int, plan: Plan) -> Path:
    """The question file of a kind, written if it is not there yet: fresh videos for every seed."""
    first, videos = {
        "train": (TRAIN_SEED, plan.train_videos),
        "val": (VAL_SEED, plan.val_videos),
        "test": (TEST_SEED, plan.test_videos),
    }[kind]
    path = folder / f"{kind}-{seed}-{videos}" / "questions.jsonl"
    return (
        path
        if path.is_file()
        else write_task(
            path.parent,
            seed=first + seed,
            videos=videos,
            rounds=1 if kind == "test" else 3,
            replay_every=1 if kind == "test" else 3,
        )
    )


def answer_prior_row(seed: int, folder: str | Path, plan: Plan = Plan()) -> dict[str, Any]:
    """The question-only baseline on the same test: the answer prior of the training questions."""
    train, test = (
        read_examples(task_file(Path(folder), kind, seed, plan), split=kind)
        for kind in ("train", "test")
    )
    prior: dict[str, Counter] = defaultdict(Counter)
    for e in train:
        prior[gist(e.question)][e.answers[0]] += 1
    values = np.array([_guess(e, prior) == e.answers[0] for e in test])
    return {
        **BASELINE,
        "seed": seed,
        "trainable": 0,
        "trainable_share": 0.0,
        "base_sha256": "",
        "values": _coded(values),
    }


def _guess(e: Example, prior: Mapping[str, Counter]) -> str:
    """The commonest answer to a question of this form; of two things that are named, the first."""
    if " first: " in e.question:
        return e.question.split(": ")[1].split(" or ")[0]
    known = prior.get(gist(e.question))
    return known.most_common(1)[0][0] if known else ""


def _coded(values: np.ndarray) -> str:
    """A digit a question: everything here is right or wrong."""
    return "".join(str(int(v)) for v in values)
