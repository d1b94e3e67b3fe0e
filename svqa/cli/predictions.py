"""`svqa eval qvhighlights`: a file of predictions, whoever made them -> the official metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.evaluate import Seed, eval_app, print_result
from svqa.cli.output import Json, print_json
from svqa.cli.progress import waiting


def register() -> None:
    """Add the commands to the group `eval`."""
    eval_app.command()(qvhighlights)


def qvhighlights(
    predictions: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A submission: windows, scores of clips; .jsonl[.gz]."
        ),
    ],
    annotations: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="The benchmark's queries (jsonl)."),
    ],
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """QVHighlights: moments and highlights by the official metrics, with intervals over videos."""
    from svqa.evaluation.qvhighlights import run_qvhighlights

    with waiting("judging windows and scores"):
        result = run_qvhighlights(annotations, predictions, seed=seed)
    print_json(result.to_json()) if json else print_result(
        result, f"QVHighlights, {predictions.name}, in %"
    )
