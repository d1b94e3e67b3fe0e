"""Freshly drawn videos as files -> how often `svqa ask` is right about them, and finds the seconds.

Videos are written, ingested and asked about like a user's; the question is all that is given, not
the frame it was drawn from (which `svqa eval shapes` gives). So a question about one frame ("how
many circles are there?") has other right answers at other seconds of the video, and cannot be
answered for sure; its reference is that of its own second.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.command import add_videos_and_seed, percent, study_arguments, write_result
from svqa.cli.progress import progress_bars
from svqa.evaluation.question_file import run_questions
from svqa.evaluation.question_set import read_question_set
from svqa.metrics.results import EvalResult
from svqa.pipeline.library import open_library
from svqa.records import Progress
from svqa.shapes.dataset import make_dataset

SEED = 90_701  # nothing was trained or chosen on it


def run_end_to_end(*, videos: int, seed: int, progress: Progress | None = None) -> EvalResult:
    """Make the videos, ingest them with the set's defaults, ask every question with its options."""
    with TemporaryDirectory() as folder:
        made = make_dataset(videos, seed, Path(folder) / "made", progress=progress)
        asked = read_question_set(made.folder / "questions.jsonl")
        with open_library(f"sqlite:///{folder}/asked.db", "shapes") as library:
            result = run_questions(library, asked, seed=seed, progress=progress)
    fingerprint = {"world": "shapes", "videos": videos, **result.fingerprint}
    return replace(result, fingerprint=fingerprint)


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    blind, chance = (result["baselines"][name]["accuracy"] for name in ("blind", "chance"))
    return (
        f"`svqa ask` is right about {percent(result['accuracy'])} of {result['n']} questions, a "
        f"question-only baseline about {percent(blind)}, an option by lot {percent(chance)}; its "
        f"best span overlaps the evidence at IoU >= 0.5 for {percent(result['iou_at_05'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=60, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_end_to_end(videos=given.videos, seed=given.seed, progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
