"""NExT-QA open-ended -> WUPS of the evidence answerer beside a trained model's stored answers.

The stored answers are HGA's, by the authors of NExT-QA; their published WUPS on the full validation
set, of which these videos are a half, is a check of the metric.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.command import (
    CAPTIONED,
    add_nextqa_files,
    percent,
    study_arguments,
    write_result,
)
from svqa.cli.progress import progress_bars
from svqa.evaluation.nextoe import run_nextoe
from svqa.evaluation.nextqa_vectors import sentence_encoder

# the table of doc-doc/NExT-OE's README, whole validation set
PUBLISHED_HGA = {"wups": 0.2148, "C": 0.1476, "T": 0.1490, "D": 0.4660}


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    if "wups" not in result:
        return f"Exact match {percent(result['exact_match'])}. {result['fingerprint']['wups']}"
    stored, floor = (result["baselines"][n] for n in ("stored", "most frequent answer by type"))
    published = 100 * result["published_hga"]["wups"]
    return (
        f"The evidence answerer reaches WUPS {percent(result['wups'])} on {result['n']} open "
        f"questions, {CAPTIONED}, and answers "
        f"{percent(result['answered'])}; HGA, trained on the set, {percent(stored['wups'])} "
        f"(published on the whole validation set: {published:.2f}); the most "
        f"frequent answer of other videos' questions {percent(floor['wups'])}. A quoted caption "
        "is long, and WUPS multiplies over words: it counts short answers."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_nextqa_files(parser, "annotations", "captions", "predictions")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Answer, judge and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_nextoe(
            given.annotations,
            given.captions,
            sentences=sentence_encoder(),
            predictions=given.predictions,
            progress=progress,
        )
    write_result({**result.to_json(), "published_hga": PUBLISHED_HGA}, given.out, finding)


if __name__ == "__main__":
    main()
