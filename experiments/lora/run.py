"""Seeds -> what LoRA gains and forgets beside full fine-tuning, on fresh shapes videos.

Each arm is a run of `fine_tune_blip` on the same question file of the shapes world and a test on
videos that no run has seen. The JSON file is written after every arm, and an arm that it holds is
not run again: a command that was ended can be given again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import percent, study_arguments
from experiments.lora.summary import arm_name, summary
from experiments.lora.task import KEPT, LEARNT, write_task
from svqa.cli.progress import progress_bars
from svqa.profiling.provenance import hardware
from svqa.records import Progress
from svqa.shapes.balance import gist
from svqa.training.dataset import Example, read_examples
from svqa.training.lora import BASE, fine_tune_blip
from svqa.training.promote import ask
from svqa.training.versions import find_base

GPU = "not measured: no GPU was to be had"
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


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    summary_ = result["summary"]
    loras = [name for name in ARMS if name != "full" and name in summary_]
    best = max(loras, key=lambda name: summary_[name]["learnt"]["value"])
    found = summary_[best]
    return (
        f"`{best}` trains {100 * found['trainable_share']:.1f} % of the weights and recovers "
        f"{percent(found['recovered'])} of full fine-tuning's gain on the questions that were "
        f"learnt, over {len(found['seeds'])} seeds (right: {percent(found['learnt'])}, answer "
        f"prior: {percent(summary_[BASELINE['arm']]['learnt'])})."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    plan = Plan()
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("models/experiment"),
        help="folder of question files, versions and cache (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[1, 2, 3],
        help="a training and a test set each (default: %(default)s)",
    )
    parser.add_argument(
        "--arms",
        nargs="+",
        default=list(ARMS),
        choices=list(ARMS),
        help="what is trained (default: %(default)s)",
    )
    parser.add_argument(
        "--ranks",
        type=int,
        nargs="+",
        default=[8],
        help="of the LoRA arms; alpha is 4 times the rank (default: %(default)s)",
    )
    parser.add_argument(
        "--no-replay", action="store_true", help="train on the questions about time alone"
    )
    for name, value, about in (
        ("--train-videos", plan.train_videos, "videos to train on"),
        ("--test-videos", plan.test_videos, "videos to test on"),
        ("--epochs", plan.epochs, "passes over the questions"),
        ("--batch-size", plan.batch_size, "questions a step"),
    ):
        parser.add_argument(name, type=int, default=value, help=f"{about} (default: {value})")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the JSON file does not hold yet, arm after arm, and write it after each."""
    given = arguments().parse_args(argv)
    plan = Plan(
        given.train_videos,
        test_videos=given.test_videos,
        epochs=given.epochs,
        batch_size=given.batch_size,
    )
    results = _ResultFile(given.out, given.work, plan)
    for seed in given.seeds:
        results.add(
            {**BASELINE, "seed": seed, "base_sha256": ""},
            partial(answer_prior_row, seed, given.work, plan),
        )
        results.add({**FROZEN, "seed": seed}, partial(frozen_row, seed, given.work, plan))
        for arm in given.arms:
            for rank in [None] if arm == "full" else given.ranks:
                what = {"arm": arm, "seed": seed, "replay": not given.no_replay, "rank": rank}
                changes = {} if rank is None else {"rank": rank, "alpha": 4 * rank}
                with progress_bars() as progress:
                    results.add(
                        what,
                        partial(
                            run_arm,
                            arm,
                            seed,
                            given.work,
                            plan,
                            replay=not given.no_replay,
                            progress=progress,
                            **changes,
                        ),
                    )


class _ResultFile:
    """The JSON file: rows of one base and plan, and their summary."""

    def __init__(self, path: Path, work: Path, plan: Plan):
        self.path, self.work, self.plan = path, work, plan
        self.rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []

    def add(self, what: dict[str, Any], run: Callable[[], dict[str, Any]]) -> None:
        """Run it, unless such a row of the same base is there; then write everything again."""
        what = {"base_sha256": find_base(BASE).sha256, **what}
        if any(all(row[k] == v for k, v in what.items()) for row in self.rows):
            return
        row = run()
        self.rows.append(row)
        found = summary(self.rows, {s: self._test(s) for s in {r["seed"] for r in self.rows}})
        say = {k: round(found[arm_name(row)][k]["value"], 3) for k in (*LEARNT, "learnt", "kept")}
        print(arm_name(row), f"seed {row['seed']}, {row.get('seconds', 0):.0f} s", say, flush=True)
        plan = {k: v for k, v in asdict(self.plan).items() if k != "settings"}
        whole = {
            "plan": plan,
            "base": BASE,
            "hardware": hardware("cpu"),
            "gpu": GPU,
            "summary": found,
            "rows": self.rows,
        }
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, self.path)

    def _test(self, seed: int) -> list[Example]:
        return read_examples(task_file(self.work, "test", seed, self.plan), split="test")


if __name__ == "__main__":
    main()
