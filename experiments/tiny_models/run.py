"""The four tiny models of the `shapes` set, trained from nothing: weights, curve, figures, card."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from svqa.cli.progress import progress_bars
from svqa.metrics.results import Figure
from svqa.models.checkpoint import SHIPPED

# name: (module, function that trains, name of the checkpoint folder)
TRAINERS = {
    "captioner": ("experiments.tiny_models.train_blip", "train_captioner", "blip-captioner"),
    "vqa": ("experiments.tiny_models.train_blip", "train_vqa", "blip-vqa"),
    "clip": ("experiments.tiny_models.train_clip", "train", "clip"),
    "yolo": ("experiments.tiny_models.train_yolo", "train", "yolo"),
}
HEADLINES = {
    "blip-captioner": "captions",
    "blip-vqa": "one-frame questions",
    "clip": "text to video recall@1 of 100",
    "yolo": "mAP50",
}


def read_metrics(checkpoints: Path = SHIPPED) -> dict[str, Any]:
    """-> what the trainings of the shipped checkpoints measured, by folder name."""
    return {
        name: json.loads((checkpoints / name / "metrics.json").read_text(encoding="utf-8"))
        for name in HEADLINES
    }


def finding(metrics: dict[str, Any]) -> str:
    """-> the shipped models' figures in one sentence."""
    said = [
        f"`{name}` {key} {Figure(**metrics[name]['figures'][key])}"
        for name, key in HEADLINES.items()
    ]
    minutes = sum(found["cpu_minutes"] for found in metrics.values())
    return f"On fresh videos after {minutes:.0f} CPU minutes in all: {', '.join(said)}."


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = argparse.ArgumentParser(prog="python -m experiments.tiny_models", description=__doc__)
    parser.add_argument("model", choices=list(TRAINERS), help="which of the four to train")
    parser.add_argument(
        "--out", type=Path, help="folder to write to (default: checkpoints/ and the model's name)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of data and weights (default: %(default)s)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Train one model and print its figures."""
    given = arguments().parse_args(argv)
    module, function, name = TRAINERS[given.model]
    folder = given.out or Path("checkpoints") / name
    train = getattr(import_module(module), function)
    with progress_bars() as progress:
        metrics = train(folder, given.seed, progress=progress)
    print(f"{name} in {folder}")
    for key, figure in metrics["figures"].items():
        print(
            f"{key:40} {figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] "
            f"n = {figure['n']}"
        )


if __name__ == "__main__":
    main()
