"""QVHighlights, the predictions stored by its authors -> the official figures, with intervals.

The predictions are those of the benchmark's own repository (Moment-DETR, Lei et al. 2021), so this
measures no model of ours: it shows that the metrics here are the official ones, how wide their
intervals over videos are, and what never looks would get.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import percent, study_arguments, write_result
from svqa.evaluation.qvhighlights import run_qvhighlights


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    floor = result["baselines"]
    return (
        f"The stored predictions of the benchmark's authors, not ours, reach R1@0.5 "
        f"{percent(result['r1_at_05'])} and mAP {percent(result['map'])} of {result['n']} queries, "
        f"and a mAP of very good highlights of {percent(result['hl_map_very_good'])}, as by the "
        f"official code; a random span reaches mAP {percent(floor['random span']['map'])}, "
        f"random scores {percent(floor['chance highlights']['hl_map_very_good'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--annotations", type=Path, required=True, help="the benchmark's queries (jsonl)"
    )
    parser.add_argument(
        "--predictions", type=Path, required=True, help="a submission (jsonl or jsonl.gz)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Judge the submission and write the result."""
    given = arguments().parse_args(argv)
    write_result(run_qvhighlights(given.annotations, given.predictions), given.out, finding)


if __name__ == "__main__":
    main()
