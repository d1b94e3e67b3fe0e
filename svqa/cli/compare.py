"""`svqa compare A B --questions FILE`.

Which is better, how sure, and what this many questions could have shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import Database, Json, print_json, print_table

if TYPE_CHECKING:
    from svqa.database import StoredComparison

MODELS = (
    "Model sets, registered models or result files: JSON with a row a question, a csv with id, "
    "video, accuracy, a sample log of lmms-eval (jsonl); two or more."
)
FILES = (".json", ".jsonl", ".jsonl.gz", ".csv")


def register(app: typer.Typer) -> None:
    """Add `compare`."""
    app.command()(compare)


def compare(
    models: Annotated[list[str], typer.Argument(metavar="A B...", help=MODELS)],
    questions: Annotated[
        Path | None, typer.Option(help="JSONL with video, question, answer; or a NExT-QA csv.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(help="Captions of the csv's videos, for model sets.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only the questions of this split.")] = None,
    metric: Annotated[
        str, typer.Option(help="accuracy, or another metric of answers.")
    ] = "accuracy",
    margin: Annotated[
        float, typer.Option(help="A difference under this counts as equivalent.")
    ] = 0.02,
    by_type: Annotated[
        bool, typer.Option("--by-type", help="A verdict for each type of question, too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the resampling.")] = 0,
    database: Database = None,
    json: Json = False,
) -> None:
    """Compare models on the same questions.

    Paired by question, clustered by video, kept in the database.
    """
    from svqa.database import open_store
    from svqa.errors import UsageError
    from svqa.evaluation.model_names import evidence_set
    from svqa.evaluation.output_quality import check_metric
    from svqa.evaluation.question_set import read_question_set
    from svqa.evaluation.registry import model_registry
    from svqa.evaluation.runs import (
        compare_runs,
        compare_types,
        read_run,
        run_set,
    )
    from svqa.settings import Settings
    from svqa.training.versions import load_version

    model_registry.use_version_loader(load_version)
    if len(models) < 2 or len(set(models)) < len(models):
        raise UsageError(
            f"A comparison needs two or more different models, got {', '.join(models)}."
        )
    asked = read_question_set(_file(questions), split=split) if questions else None
    with open_store(Settings.load(database=database).database) as store:
        named = [name for name in models if not name.endswith(FILES)]
        if named and asked is None:
            raise UsageError(
                f"'{named[0]}' has to be asked: give --questions FILE, or two result files."
            )
        # all names and files before the first model works
        if captions is not None:
            _file(captions)
        model_registry.check(named, "vqa", store=store)
        within = None
        if asked is not None and named:
            check_metric(metric)
            registered = model_registry.registered("vqa")
            within = evidence_set(named, asked.inputs, registered=registered)
        made = {
            name: read_run(_file(Path(name)), asked, metric=metric)
            for name in models
            if name not in named
        }
        ask = partial(
            run_set, captions=captions, annotations=questions, metric=metric, within=within
        )
        for name in named:
            assert asked is not None
            made[name] = ask(name, asked, store=store)
        runs = [made[name] for name in models]
        found = compare_runs(runs, store=store, metric=metric, margin=margin, seed=seed)
        result = _result(found.stored)
        if by_type:
            kinds = compare_types(runs, margin=margin, seed=seed)
            result["by_type"] = {
                kind: [pair.to_json() for pair in pairs] for kind, pairs in kinds.items()
            }
    (print_json if json else _print)(result)


def _file(path: Path) -> Path:
    from svqa.errors import UsageError

    if not path.is_file():
        raise UsageError(f"No such file: {path}")
    return path


def _result(stored: StoredComparison) -> dict:
    """-> of two models the pair's own figures at the top; of more, `pairs` only."""
    pairs = stored.result["pairs"]
    flat = pairs[0] if len(pairs) == 1 else {}
    return {
        **flat,
        **stored.result,
        "metric": stored.metric,
        "n": stored.n,
        "fingerprint": dict(stored.fingerprint),
    }


def _print(result: dict) -> None:
    def percent(figure: dict) -> str:
        return (
            f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}] %"
        )

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}"

    metric = result["metric"]
    cost = [
        (m["name"], percent(m[metric]), *map(number, (m["latency_ms"], m["memory_mb"])))
        for m in result["models"]
    ]
    print_table(("model", metric, "ms", "MB"), cost, title=f"{result['n']} questions")
    _print_pairs({"all": result["pairs"], **result.get("by_type", {})})
    typer.echo(f"{result['verdict']}: {result['reason']}")


def _print_pairs(pairs: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """A row a pair, under the name of the questions it was made on."""
    rows = [
        (
            what,
            f"{p['a']} - {p['b']}",
            f"{100 * p['difference']:+.1f} [{100 * p['low']:+.1f}, {100 * p['high']:+.1f}]",
            f"{p['holm_p']:.4f}",
            f"{100 * p['detectable']:.1f}",
            p["verdict"],
            p["winner"] or "-",
        )
        for what, made in pairs.items()
        for p in made
    ]
    columns = ("questions", "paired difference", "points", "p (Holm)", "could have seen")
    print_table((*columns, "verdict", "winner"), rows)
