"""Questions about shapes videos -> the seconds of their evidence, beside baselines without it.

`when`, `order` and `changes` questions on freshly drawn videos. The detector of the `shapes` set is
run ten times a second; the events of its tracks are matched with the question's words
(`svqa.answering.event_grounding`). `svqa.evaluation.shapes_grounding` measures,
and says what each row means.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import add_videos_and_seed, percent, study_arguments, write_result
from svqa.cli.progress import waiting
from svqa.evaluation.shapes_grounding import SEED, SPAN_METRIC, run_shapes_grounding
from svqa.models.zoo import load_set

FROM_FILE = Path(__file__).parents[1] / "shapes_end_to_end" / "result.json"


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    baselines = {name: figures["all"] for name, figures in result["baselines"].items()}
    best = max(baselines, key=lambda name: baselines[name]["value"])
    told = json.loads(FROM_FILE.read_text(encoding="utf-8"))
    return (
        f"From boxes at ten looks a second, event grounding finds a span with temporal IoU >= 0.5 "
        f"for {percent(result[SPAN_METRIC])} of {result['n']} questions about events, the best "
        f"baseline (`{best}`) for {percent(baselines[best])}; `svqa ask` from file, at two looks a "
        f"second and with questions of all types, for {percent(told['iou_at_05'])} of {told['n']}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=200, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    models = load_set("shapes")
    with waiting(f"finding the evidence in {given.videos} videos"):
        result = run_shapes_grounding(
            models.encoder, models.detector, videos=given.videos, seed=given.seed
        )
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
