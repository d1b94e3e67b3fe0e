"""Seeds -> what LoRA gains and forgets beside full fine-tuning, on fresh shapes videos.

The arms are those of `experiments.lora.arms`. The JSON file is written after every arm, and an arm
that it holds is not run again: a command that was ended can be given again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from experiments.command import percent, study_arguments
from experiments.lora.arms import (
    ARMS,
    BASELINE,
    FROZEN,
    Plan,
    answer_prior_row,
    frozen_row,
    run_arm,
    task_file,
)
from experiments.lora.summary import arm_name, summary
from experiments.lora.task import LEARNT
from svqa.cli.progress import progress_bars
from svqa.profiling.provenance import hardware
from svqa.training.dataset import Example, read_examples
from svqa.training.lora import BASE
from svqa.training.versions import find_base

GPU = "not measured: no GPU was to be had"


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    summary_ = result["summary"]
    loras = [name for name in ARMS if name != "full" and name in summary_]
    best = max(loras, key=lambda name: summary_[name]["learnt"]["value"])
    found = summary_[best]
    return (
        f"`{best}` trains {100 * found['trainable_share']:.1f} % of the weights and recovers "
        f"{percent(found['recovered_above_baseline'])} of what full fine-tuning gains above the "
        f"answer prior on the questions that were learnt, over {len(found['seeds'])} seeds (right: "
        f"{percent(found['learnt'])}, answer prior: "
        f"{percent(summary_[BASELINE['arm']]['learnt'])}); of the gain over the frozen model, "
        f"which never heard such words, {percent(found['recovered'])}."
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
