"""`svqa eval qvhighlights`, `nextoe`: predictions or open answers -> the official metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.evaluate import Annotations, Captions, Seed, SentencesOf, eval_app, print_result
from svqa.cli.output import Json, print_json, say
from svqa.cli.progress import progress_bars, waiting


def register() -> None:
    """Add the commands to the group `eval`."""
    eval_app.command()(qvhighlights)
    eval_app.command()(nextoe)


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


def nextoe(
    annotations: Annotations,
    captions: Captions,
    predictions: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Another model's stored answers, shown beside."
        ),
    ] = None,
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
