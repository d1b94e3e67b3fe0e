"""Seeds -> what a BLIP that sees a sequence of frames learns about time, full and by LoRA.

The base is made first, where `--work` does not hold it. The JSON file is written after every arm,
and an arm that it holds is not run again: a command that was ended can be given again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments.command import percent, study_arguments
from experiments.learning_time.arms import (
    ARMS,
    BEFORE,
    NEVER_LOOKS,
    Plan,
    before_row,
    make_base,
    never_looks_row,
    run_arm,
    test_examples,
)
from experiments.learning_time.summary import curves, summary
from experiments.learning_time.task import FRAMES
from svqa.cli.progress import progress_bars
from svqa.profiling.provenance import hardware
from svqa.training.lora import BASE


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in two sentences."""
    found = result["summary"]
    full, floor = found["full"], found[NEVER_LOOKS]
    said = [
        f"{kind} {percent(full[kind])} (never looks: {percent(floor[kind])})"
        for kind in ("direction", "order", "changes", "when")
    ]
    shares = [
        f"`{name}`, {100 * found[name]['trainable_share']:.1f} % of the weights, recovers "
        f"{_share(found[name])} of that gain above the floor and is right about direction for "
        f"{percent(found[name]['direction'])}"
        for name in ARMS
        if name != "full" and name in found
    ]
    most_lost = max(found[name]["lost"]["value"] for name in ARMS if name in found)
    steps = max(row["steps"] for row in result["rows"] if "steps" in row)
    ends = "; ".join(
        [*shares, f"at most {100 * most_lost:.1f} points about single frames are lost"]
    )
    return (
        f"A BLIP that sees {result['base']['frames']} frames as a sequence and knew places in "
        f"named frames, all but its vision trained ({100 * full['trainable_share']:.0f} % of the "
        f"weights, {len(full['seeds'])} seed(s), {steps} steps): {', '.join(said)}; {ends}."
    )


def _share(arm: Mapping[str, Any]) -> str:
    share = arm["recovered_above_floor"].get("learnt")
    return percent(share) if share else "an unsure share"


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    plan = Plan()
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("models/learning_time"),
        help="folder of films, question files, versions and cache (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[1, 2, 3],
        help="of order and the update's first weights (default: %(default)s)",
    )
    parser.add_argument(
        "--arms", nargs="+", choices=list(ARMS), default=list(ARMS), help="which to train"
    )
    for name, value, about in (
        ("--train-videos", plan.train_videos, "videos to learn from"),
        ("--test-videos", plan.test_videos, "videos to test on"),
        ("--base-epochs", plan.base_epochs, "passes over the questions about places"),
        ("--epochs", plan.epochs, "passes over the questions about time"),
        ("--batch-size", plan.batch_size, "questions a step"),
        ("--rank", plan.rank, "of the updates"),
        ("--exam-steps", plan.exam_steps, "steps between two exams"),
    ):
        parser.add_argument(name, type=int, default=value, help=f"{about} (default: {value})")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="arms trained at once (default: %(default)s)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the JSON file does not hold yet, arm after arm, and write it after each."""
    given = arguments().parse_args(argv)
    plan = Plan(
        train_videos=given.train_videos,
        test_videos=given.test_videos,
        base_epochs=given.base_epochs,
        epochs=given.epochs,
        batch_size=given.batch_size,
        rank=given.rank,
        exam_steps=given.exam_steps,
    )
    with progress_bars() as progress:
        base = make_base(given.work, plan, device=given.device, progress=progress)
        results = _ResultFile(given.out, given.work, plan, base.figures, given.device)
        results.add(NEVER_LOOKS, 0, partial(never_looks_row, given.work, plan))
        results.add(BEFORE, 0, partial(before_row, given.work, plan, device=given.device))
        missing = [
            (arm, seed)
            for seed in given.seeds
            for arm in given.arms
            if not results.holds(arm, seed)
        ]
        train = partial(run_arm, work=given.work, plan=plan, device=given.device)
        if given.jobs > 1:
            spawn = get_context("spawn")  # a process that was forked has no GPU
            with ProcessPoolExecutor(given.jobs, mp_context=spawn) as pool:
                at_work = {pool.submit(train, arm, seed): (arm, seed) for arm, seed in missing}
                for done in as_completed(at_work):
                    results.add(*at_work[done], done.result)
        else:
            for arm, seed in missing:
                results.add(arm, seed, partial(train, arm, seed, progress=progress))
    results.write()
    print(finding(json.loads(given.out.read_text(encoding="utf-8"))))


class _ResultFile:
    """The JSON file: rows of one plan, their summary and curves, and what the base knew."""

    def __init__(self, path: Path, work: Path, plan: Plan, base: Mapping[str, Any], device: str):
        self.path, self.plan, self.base, self.device = path, plan, base, device
        self.test = test_examples(work, plan)
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self.rows = kept["rows"] if kept.get("plan") == asdict(plan) else []

    def holds(self, arm: str, seed: int) -> bool:
        """Whether such a row is there."""
        return any((row["arm"], row["seed"]) == (arm, seed) for row in self.rows)

    def add(self, arm: str, seed: int, run: Callable[[], dict[str, Any]]) -> None:
        """Run it, unless such a row is there; then write everything again."""
        if not self.holds(arm, seed):
            self.rows.append(run())
            self.write()
            print(f"{arm}, seed {seed}", flush=True)

    def write(self) -> None:
        """All rows and what follows from them; whole or not at all."""
        whole = {
            "plan": asdict(self.plan),
            "base": {
                "from": BASE,
                "frames": FRAMES,
                "trainable_share": self.base["trainable_share"],
                "steps": self.base["steps"],
                "knew": self.base["before"]["by_type"],
                "knows": self.base["after"]["by_type"],
            },
            "hardware": hardware(self.device),
            "summary": summary(self.rows, self.test),
            "curves": curves(self.rows),
            "rows": self.rows,
        }
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, self.path)


if __name__ == "__main__":
    main()
