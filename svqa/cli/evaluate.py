"""`svqa eval nextqa`, `nextgqa`, `shapes`, `questions`.

Figures with their intervals, never without their baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svqa.cli.output import (
    Answerer,
    Database,
    Json,
    Models,
    RoleModels,
    by_role,
    print_json,
    print_table,
)
from svqa.cli.progress import progress_bars, waiting

if TYPE_CHECKING:
    from svqa.metrics.results import EvalResult, Figure

eval_app = typer.Typer(
    no_args_is_help=True, help="Measure how good: every figure with its interval and its baselines."
)

Annotations = Annotated[
    Path, typer.Option(exists=True, dir_okay=False, help="The benchmark's questions (csv).")
]
Captions = Annotated[
    Path,
    typer.Option(
        exists=True, dir_okay=False, help="One caption a second by video: .json or .json.gz."
    ),
]
Predictions = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Another model's stored answers, shown beside."),
]
Seed = Annotated[int, typer.Option(help="Of intervals, folds and random baselines.")]
SentencesOf = Annotated[
    str, typer.Option("--models", help="Model set whose sentence encoder reads the captions.")
]


def register(app: typer.Typer) -> None:
    """Add the group `eval`."""
    app.add_typer(eval_app, name="eval")


@eval_app.command()
def nextqa(
    annotations: Annotations,
    captions: Captions,
    predictions: Predictions = None,
    models: SentencesOf = "offline",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """NExT-QA multiple choice: one of five answers, chosen from the video's captions."""
    from svqa.evaluation.nextqa import run_nextqa
    from svqa.evaluation.nextqa_vectors import sentence_encoder

    sentences = sentence_encoder(models)
    with progress_bars() as progress:
        result = run_nextqa(
            annotations,
            captions,
            sentences=sentences,
            predictions=predictions,
            seed=seed,
            progress=progress,
        )
    print_json(result.to_json()) if json else print_result(result, "NExT-QA, accuracy in %")


@eval_app.command()
def nextgqa(
    annotations: Annotations,
    spans: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="The seconds that people marked, as JSON."),
    ],
    captions: Captions,
    folds: Annotated[
        int | None,
        typer.Option(min=3, help="Learn on other folds of videos; without, the shipped table."),
    ] = None,
    models: SentencesOf = "offline",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """NExT-GQA grounding: the seconds that hold the answer.

    Found from the question and the video's captions.
    """
    from svqa.evaluation.nextgqa import run_nextgqa
    from svqa.evaluation.nextqa_vectors import sentence_encoder

    sentences = sentence_encoder(models)
    with waiting("reading captions, finding spans"):
        result = run_nextgqa(
            annotations, spans, captions, sentences=sentences, folds=folds, seed=seed
        )
    if json:
        print_json(result.to_json())
        return
    print_result(result, f"NExT-GQA, in %; table of question words: {result.fingerprint['table']}")


@eval_app.command()
def shapes(
    models: Annotated[str, typer.Option(help="Model set: shapes or offline.")] = "shapes",
    seed: Annotated[
        int | None, typer.Option(help="Of the videos; one that nothing was trained on.")
    ] = None,
    n: Annotated[
        int, typer.Option("-n", "--n", min=2, help="Videos; about ten questions each.")
    ] = 60,
    every: Annotated[
        float | None, typer.Option(help="Show whole videos too, a frame every so many seconds.")
    ] = None,
    json: Json = False,
) -> None:
    """The shapes world: freshly drawn videos whose every answer is known, by type of question."""
    from svqa.evaluation.shapes import FRESH_SEED, run_shapes
    from svqa.models.zoo import load_set

    with waiting(f"asking about {n} videos"):
        result = run_shapes(
            load_set(models), videos=n, seed=FRESH_SEED if seed is None else seed, every_s=every
        )
    if json:
        print_json(result.to_json())
        return
    videos = f"{n} videos, seed {result.fingerprint['seed']}"
    _print_by_type(result, f"Shapes, accuracy in %, {videos}")
    _print_spans(result, f"Shapes, the seconds that hold the evidence, found in %, {videos}")


@eval_app.command()
def questions(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="JSONL: video, question, answer, spans ..."
        ),
    ],
    split: Annotated[str | None, typer.Option(help="Only the rows of this split.")] = None,
    answerer: Answerer = None,
    models: Models = None,
    model: RoleModels = None,
    every: Annotated[
        float | None, typer.Option(help="Seconds between frames, for videos not ingested yet.")
    ] = None,
    database: Database = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Your own questions about your own videos.

    How often `svqa ask` is right, and whether it finds the seconds.
    """
    from svqa.evaluation.question_file import SPAN_METRICS, ingest_asked, run_questions
    from svqa.evaluation.question_set import read_question_set
    from svqa.pipeline.library import open_library

    asked = read_question_set(file, split=split)
    chosen = by_role(model, answerer=answerer)
    with open_library(database, models, every_s=every, **chosen) as library:
        with progress_bars() as show:
            ingest_asked(library, asked.questions, progress=show)
        with progress_bars() as progress:
            result = run_questions(library, asked, seed=seed, progress=progress)
    if json:
        print_json(result.to_json(per_question=True))
        return
    names = [library.settings.models]
    names += [f"{role} {spec}" for role, spec in library.settings.replaced().items()]
    what = f"{file.name}, {result.n} questions, models {', '.join(names)}"
    _print_some(result, ("accuracy", "answered"), f"{what}: right, in %")
    _print_some(result, SPAN_METRICS, f"{what}: seconds found, in %")


def print_result(result: EvalResult, title: str) -> None:
    """A row a metric, the baselines beside the method; then the first by type of question."""
    first = next(iter(result.metrics))
    rows = [
        (name, str(figure.n), _percent(figure), *_beside(result, name))
        for name, figure in result.metrics.items()
    ]
    rows += [
        (
            f"{first}, {kind}",
            str(figures[first].n),
            _percent(figures[first]),
            *("" for _ in result.baselines),
        )
        for kind, figures in result.by_type.items()
    ]
    print_table(("", "n", "svqa", *result.baselines), rows, title=title)


def _print_some(result: EvalResult, names: Sequence[str], title: str) -> None:
    """A row a metric of `names`, the baselines that have the first of them beside it.

    Then the first by type of question.
    """
    baselines = {name: figures for name, figures in result.baselines.items() if names[0] in figures}
    some = replace(
        result,
        metrics={name: result.metrics[name] for name in names if name in result.metrics},
        by_type={kind: figures for kind, figures in result.by_type.items() if names[0] in figures},
        baselines=baselines,
    )
    if some.metrics:
        print_result(some, title)


def _print_by_type(result: EvalResult, title: str) -> None:
    """A row a type of question.

    Who looks at the right frame comes first, then who looks elsewhere or never.
    """
    arms = list(
        dict.fromkeys(
            name for figures in result.by_type.values() for name in figures if not _of_spans(name)
        )
    )
    never = [name for name in result.baselines if name not in arms and not _of_spans(name)]
    room = [""] * len([*arms[1:], *never])
    rows: list[tuple[str, ...]] = [
        (name, str(figure.n), _percent(figure), *room)
        for name, figure in result.metrics.items()
        if not _of_spans(name)
    ]
    for kind, figures in result.by_type.items():
        baselines = [_percent(result.baselines[name].get(kind)) for name in never]
        rows.append(
            (
                kind,
                str(figures[arms[0]].n),
                *(_percent(figures.get(arm)) for arm in arms),
                *baselines,
            )
        )
    print_table(("", "n", *arms, *never), rows, title=title)


def _print_spans(result: EvalResult, title: str) -> None:
    """The same for the seconds that were found, where they were looked for."""
    names = [name for name in result.metrics if _of_spans(name)]
    if not names:
        return
    never = [name for name in result.baselines if _of_spans(name)]
    rows = [
        (name, str(result.metrics[name].n), _percent(result.metrics[name]), *("" for _ in never))
        for name in names
    ]
    for kind, figures in result.by_type.items():
        if names[0] in figures:
            baselines = (_percent(result.baselines[name].get(kind)) for name in never)
            rows.append((kind, str(figures[names[0]].n), _percent(figures[names[0]]), *baselines))
    print_table(
        ("", "n", "svqa", *(name.removeprefix("span: ") for name in never)), rows, title=title
    )


def _of_spans(name: str) -> bool:
    return "span" in name.split()[0] or name.startswith("every span")


def _beside(result: EvalResult, metric: str) -> list[str]:
    return [_percent(figures.get(metric)) for figures in result.baselines.values()]


def _percent(figure: Figure | None) -> str:
    return (
        ""
        if figure is None
        else f"{100 * figure.value:.1f} [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
    )
