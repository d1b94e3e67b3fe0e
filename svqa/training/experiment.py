"""Seeds -> what LoRA gains and forgets beside full fine-tuning, on fresh videos: `python -m svqa.training.experiment`.

Each arm is a run of `fine_tune_blip` on the same question file of the shapes world and a test on videos that no run
has seen. What is done is kept in the JSON file after every arm, so that the command can be ended and given again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from svqa.evaluation.results import bootstrap_over_groups
from svqa.training.dataset import Example, read_examples
from svqa.training.lora import BASE, fine_tune_blip
from svqa.training.promote import ask
from svqa.training.shapes_task import KEPT, LEARNT, write_task
from svqa.training.versions import find_base

TEST_SEED, VAL_SEED, TRAIN_SEED = 61_000, 62_000, 63_000  # of the videos; a run adds its own seed
ARMS: dict[str, dict[str, Any]] = {
    "full": {"use_lora": False, "learning_rate": 5e-4},
    "LoRA, q/v of the text": {"preset": "blip-text-qv", "learning_rate": 3e-3},
    "LoRA, all linear": {"preset": "blip-all-linear", "learning_rate": 2e-3},
    "LoRA, all linear of the text": {"preset": "blip-text-linear", "learning_rate": 2e-3},
}


@dataclass(frozen=True)
class Plan:
    """How much: videos to train, validate and test on, questions a step, epochs over all questions."""

    train_videos: int = 3000
    val_videos: int = 100
    test_videos: int = 500
    batch_size: int = 64
    epochs: int = 6
    settings: Mapping[str, Any] = field(default_factory=dict)


def run_arm(arm: str, seed: int, folder: str | Path, plan: Plan = Plan(), *, replay: bool = True, base: str = BASE,
            **changes: Any) -> dict[str, Any]:  # fmt: skip
    """Train one arm and test it on fresh videos -> a row: trainable share, time, memory, a value a test question.

    `changes` override the arm's settings (`rank=4`). Question files are made in `folder` where they are not there.
    """
    folder = Path(folder)
    train, val, test = (task_file(folder, kind, seed, plan) for kind in ("train", "val", "test"))
    types = (*LEARNT, *KEPT) if replay else LEARNT
    settings = {"batch_size": plan.batch_size, "seed": seed, "patience": 99, "save_steps": 10_000, **plan.settings,
                **ARMS[arm], **changes}  # fmt: skip
    version = fine_tune_blip(
        train, val, plan.epochs, settings.pop("use_lora", True), base=base, types=types, out=folder / "models",
        database=f"sqlite:///{folder / 'experiment.db'}", cache=folder / "cache", device="cpu",
        name=arm.replace(", ", "-").replace(" ", "-").replace("/", ""), **settings,
    )  # fmt: skip
    examples = read_examples(test, split="test")
    return {
        "arm": arm, "seed": seed, "replay": replay, "rank": version.settings["rank"] if version.settings["use_lora"] else None,
        "trainable": version.figures["trainable"], "trainable_share": version.figures["trainable_share"],
        "seconds": round(version.seconds, 1), "steps": version.figures["steps"], "best_step": version.figures["best_step"],
        "peak_memory_mib": round(version.peak_memory_bytes / 2**20), "settings": {k: version.settings[k] for k in (
            "learning_rate", "batch_size", "epochs", "alpha", "preset")},
        "base_sha256": version.base_sha256, "values": _coded(ask(version, examples)),
    }  # fmt: skip


def frozen_row(seed: int, folder: str | Path, plan: Plan = Plan(), *, base: str = BASE) -> dict[str, Any]:
    """The base as it is, on the same test."""
    examples = read_examples(task_file(Path(folder), "test", seed, plan), split="test")
    return {"arm": "frozen", "seed": seed, "replay": None, "rank": None, "trainable": 0, "trainable_share": 0.0,
            "base_sha256": find_base(base).sha256, "values": _coded(ask(base, examples))}  # fmt: skip


def task_file(folder: Path, kind: str, seed: int, plan: Plan) -> Path:
    """The question file of a kind, written if it is not there yet: fresh videos for every seed."""
    first, videos = {"train": (TRAIN_SEED, plan.train_videos), "val": (VAL_SEED, plan.val_videos),
                     "test": (TEST_SEED, plan.test_videos)}[kind]  # fmt: skip
    path = folder / f"{kind}-{seed}-{videos}" / "questions.jsonl"
    return path if path.is_file() else write_task(path.parent, seed=first + seed, videos=videos,
                                                  rounds=1 if kind == "test" else 3)  # fmt: skip


def summary(rows: Sequence[Mapping[str, Any]], tests: Mapping[int, Sequence[Example]]) -> dict[str, Any]:
    """Rows of several seeds -> `{arm: {learnt, kept, by type, gain recovered, lost}}`, intervals over videos.

    `recovered` is the gain over the frozen model as a share of full fine-tuning's with the same replay.
    """
    table: dict[str, Any] = {}
    for name in dict.fromkeys(arm_name(row) for row in rows):
        mine = [row for row in rows if arm_name(row) == name]
        table[name] = {"seeds": [r["seed"] for r in mine], "trainable_share": mine[0]["trainable_share"],
                       "seconds": float(np.mean([r.get("seconds", 0.0) for r in mine])),
                       **{t: _figure(mine, tests, (t,)) for t in (*LEARNT, *KEPT)},
                       "learnt": _figure(mine, tests, LEARNT), "kept": _figure(mine, tests, KEPT)}  # fmt: skip
        frozen = _same_seeds(rows, "frozen", mine)
        if frozen and name != "frozen":
            table[name]["gained"] = _difference(mine, frozen, tests, LEARNT)
            table[name]["lost"] = _difference(frozen, mine, tests, KEPT)
            full = _same_seeds(rows, f"full{name[len(mine[0]['arm']):]}".split(", rank")[0], mine)
            if full:
                table[name]["recovered"] = _recovered(mine, full, frozen, tests)
    return table


def arm_name(row: Mapping[str, Any]) -> str:
    """`LoRA, all linear, no replay, rank 2`; the default, rank 8 with replay, is not said."""
    rank = f", rank {row['rank']}" if row["rank"] not in (None, 8) else ""
    return row["arm"] + (", no replay" if row["replay"] is False else "") + rank


def _stacked(rows, tests, types):
    """-> values and groups of all seeds' questions of these types, videos kept apart by seed."""
    values, groups = [], []
    for row in sorted(rows, key=lambda r: r["seed"]):
        for value, e in zip(row["values"], tests[row["seed"]], strict=True):
            if e.type in types:
                values.append(float(value))
                groups.append(f"{row['seed']} {e.group}")
    return np.array(values), groups


def _figure(rows, tests, types) -> dict:
    return bootstrap_over_groups(*_stacked(rows, tests, types), seed=0).to_json()


def _difference(a, b, tests, types) -> dict:
    (mine, groups), (theirs, _) = _stacked(a, tests, types), _stacked(b, tests, types)
    return bootstrap_over_groups(mine - theirs, groups, seed=0).to_json()


def _recovered(mine, full, frozen, tests, draws: int = 2000) -> dict:
    """Ratio of gains, with a bootstrap interval over the videos of all seeds."""
    (a, groups), (b, _), (c, _) = (_stacked(rows, tests, LEARNT) for rows in (mine, full, frozen))
    _, index = np.unique(groups, return_inverse=True)
    ours, theirs = np.bincount(index, a - c), np.bincount(index, b - c)
    picks = np.random.default_rng(0).integers(0, len(ours), (draws, len(ours)))
    low, high = np.percentile(ours[picks].sum(1) / theirs[picks].sum(1), [2.5, 97.5])
    return {"value": float(ours.sum() / theirs.sum()), "low": float(low), "high": float(high), "n": len(a)}


def _same_seeds(rows, name: str, like) -> list:
    found = [r for r in rows if arm_name(r) == name and r["seed"] in {m["seed"] for m in like}]
    return found if len(found) == len(like) else []


def _coded(values: np.ndarray) -> str:
    """A digit a question: everything here is right or wrong."""
    return "".join(str(int(v)) for v in values)


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the JSON file does not hold yet, arm after arm, and write it after each."""
    parser = argparse.ArgumentParser(prog="python -m svqa.training.experiment", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/data/lora_shapes.json"))
    parser.add_argument("--work", type=Path, default=Path("models/experiment"), help="question files, versions, cache")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--arms", nargs="+", default=["full", "LoRA, q/v of the text", "LoRA, all linear"], choices=list(ARMS))
    parser.add_argument("--ranks", type=int, nargs="*", default=[], help="ranks of the arms of LoRA; 8 without")
    parser.add_argument("--no-replay", action="store_true", help="train on the time questions alone")
    for name in ("train_videos", "test_videos", "epochs", "batch_size"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Plan(), name))
    given = parser.parse_args(argv)
    plan = Plan(given.train_videos, test_videos=given.test_videos, epochs=given.epochs, batch_size=given.batch_size)
    book = _Book(given.out, given.work, plan)
    for seed in given.seeds:
        book.add({"arm": "frozen", "seed": seed, "replay": None, "rank": None}, lambda: frozen_row(seed, given.work, plan))
        for arm in given.arms:
            for rank in given.ranks if given.ranks and arm != "full" else [None if arm == "full" else 8]:
                changes = {} if rank is None else {"rank": rank, "alpha": 4 * rank}
                book.add(
                    {"arm": arm, "seed": seed, "replay": not given.no_replay, "rank": rank},
                    lambda: run_arm(arm, seed, given.work, plan, replay=not given.no_replay, **changes),
                )


class _Book:
    """The JSON file: rows of one base and plan, and their summary."""

    def __init__(self, path: Path, work: Path, plan: Plan):
        self.path, self.work, self.plan = path, work, plan
        self.rows = json.loads(path.read_text())["rows"] if path.is_file() else []

    def add(self, what: dict[str, Any], run: Callable[[], dict[str, Any]]) -> None:
        """Run it, unless a row of the same kind and base is there; then write everything again."""
        base = find_base(BASE).sha256
        if any(all(row[k] == v for k, v in what.items()) and row["base_sha256"] == base for row in self.rows):
            return
        row = run()
        self.rows.append(row)
        tests = {s: read_examples(task_file(self.work, "test", s, self.plan), split="test")
                 for s in {r["seed"] for r in self.rows}}  # fmt: skip
        found = summary(self.rows, tests)
        print(arm_name(row), seed_text(row), {k: found[arm_name(row)][k]["value"] for k in ("learnt", "kept")}, flush=True)
        plan = {k: getattr(self.plan, k) for k in ("train_videos", "val_videos", "test_videos", "batch_size", "epochs")}
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps({"plan": plan, "base": BASE, "hardware": "2 CPU cores, one thread a run", "gpu":
                                     "not measured: no GPU was to be had", "summary": found, "rows": self.rows}, indent=1) + "\n")  # fmt: skip
        os.replace(draft, self.path)


def seed_text(row: Mapping[str, Any]) -> str:
    """For the log: which seed, how long, how much memory."""
    return f"seed {row['seed']}, {row.get('seconds', 0):.0f} s, {row.get('peak_memory_mib', 0)} MiB"


if __name__ == "__main__":
    main()
