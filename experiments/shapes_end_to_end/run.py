"""Freshly drawn videos, written as files and ingested -> how often `svqa ask` is right about them,
and about which seconds.

    python -m experiments.shapes_end_to_end.run --out experiments/shapes_end_to_end/result.json

Nothing is told but the question: not the frame it was asked about, which is what `svqa eval shapes`
gives. So a question about one frame ("how many circles are there?") has other right answers at
other seconds of the video, and cannot be answered for sure; the reference is that of its own
second.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.measurement import write_measured
from svqa.evaluation.question_file import run_questions
from svqa.evaluation.runs import read_question_set
from svqa.metrics.results import EvalResult
from svqa.pipeline.library import open_library
from svqa.shapes.dataset import make_dataset

SEED = 90_701  # nothing was trained or chosen on it


def run_asked(*, videos: int, seed: int) -> EvalResult:
    """Make the videos, ingest them with the set's defaults, ask every question with its options."""
    with TemporaryDirectory() as folder:
        made = make_dataset(videos, seed, Path(folder) / "made")
        with open_library(f"sqlite:///{folder}/asked.db", "shapes") as library:
            result = run_questions(
                library, read_question_set(made.folder / "questions.jsonl"), seed=seed
            )
    fingerprint = {"world": "shapes", "videos": videos, **result.fingerprint}
    return replace(result, fingerprint=fingerprint)


def main() -> None:
    """The command line of this module."""
    write_measured(run_asked, about=__doc__, seed=SEED, videos=60)


if __name__ == "__main__":
    main()
