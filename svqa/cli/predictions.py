"""`svqa eval qvhighlights`, `nextoe`: predictions or open answers -> the official metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svqa.cli.evaluate import (
    Annotations,
    Captions,
    Predictions,
    Seed,
    SentencesOf,
    eval_app,
    print_result,
)
from svqa.cli.output import Database, Json, Models, print_json, say
from svqa.cli.progress import progress_bars, waiting
from svqa.errors import UsageError

if TYPE_CHECKING:
    from svqa.metrics.results import EvalResult


def register() -> None:
    """Add the commands to the group `eval`."""
    eval_app.command()(qvhighlights)
    eval_app.command()(nextoe)


def qvhighlights(
    annotations: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="The benchmark's queries (jsonl)."),
    ],
    predictions: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="A submission: windows, scores of clips; .jsonl[.gz]."
        ),
    ] = None,
    films: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Instead: the queries' videos, which are searched."
        ),
    ] = None,
    models: Models = None,
    database: Database = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """QVHighlights: moments and highlights by the official metrics, with intervals over videos.

    Of a file of predictions, or of what `svqa search` finds in the films.
    """
    if (predictions is None) == (films is None):
        raise UsageError("Give either a file of predictions or --films FOLDER.")
    if films is not None:
        result, judged = _of_library(annotations, films, models, database, seed), "svqa search"
    else:
        from svqa.evaluation.qvhighlights import run_qvhighlights

        with waiting("judging windows and scores"):
            result = run_qvhighlights(annotations, str(predictions), seed=seed)
        judged = Path(str(predictions)).name
    print_json(result.to_json()) if json else print_result(result, f"QVHighlights, {judged}, in %")


def _of_library(
    annotations: Path, films: Path, models: str | None, database: str | None, seed: int
) -> EvalResult:
    from svqa.evaluation.qvhighlights_library import run_qvhighlights_library
    from svqa.pipeline.library import open_library

    with open_library(database, models) as library, progress_bars() as progress:
        found = run_qvhighlights_library(
            library, annotations, films=films, seed=seed, progress=progress
        )
    left = found.fingerprint["queries_without_video"]
    if left:
        say(f"{left} queries are left out: {films} does not hold their videos.")
    return found


def nextoe(
    annotations: Annotations,
    captions: Captions,
    predictions: Predictions = None,
    models: SentencesOf = "offline",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """NExT-QA open-ended: answers in own words, by WUPS, exact and semantic match."""
    from svqa.evaluation.nextoe import run_nextoe
    from svqa.evaluation.nextqa_vectors import sentence_encoder

    sentences = sentence_encoder(models)
    with progress_bars() as progress:
        result = run_nextoe(
            annotations,
            captions,
            sentences=sentences,
            predictions=predictions,
            seed=seed,
            progress=progress,
        )
    if "wups" not in result.metrics:
        say(f"WUPS is left out. {result.fingerprint['wups']}")
    print_json(result.to_json()) if json else print_result(result, "NExT-QA open-ended, in %")
