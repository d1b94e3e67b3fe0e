"""Questions, result files, model sets -> a value a question each -> paired verdicts.

Only runs whose fingerprints agree are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.database.stored_records import StoredComparison
from svqa.errors import DifferentFingerprints, UsageError
from svqa.evaluation.benchmark_files import option_number, read_object
from svqa.evaluation.comparison import ModelComparator, model_comparator
from svqa.evaluation.nextqa import run_nextqa
from svqa.evaluation.output_quality import METRIC, value_of
from svqa.evaluation.question_set import QuestionSet
from svqa.evaluation.registry import ModelType
from svqa.evaluation.result_files import (
    ResultFile,
    is_tempcompass,
    read_result_table,
    read_sample_log,
    read_tempcompass,
)
from svqa.metrics.fingerprint import check_same
from svqa.metrics.pairwise import Pair, compare_all, compare_within, ranking
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.metrics.statistics import MARGIN

if TYPE_CHECKING:
    from svqa.database import Store


@dataclass(frozen=True, eq=False)
class Run:
    """What one model scored, question by question.

    `values` id -> 0 to 1, `videos` id -> what the question is about, `types` id -> its type.
    """

    name: str
    values: Mapping[str, float]
    videos: Mapping[str, str]
    fingerprint: Mapping[str, Any]
    latency_ms: float | None = None
    memory_mb: float | None = None
    types: Mapping[str, str] = field(default_factory=dict)

    def quality(self, seed: int = 0) -> Figure:
        """The mean value, with its interval over videos."""
        return bootstrap_over_groups(list(self.values.values()), list(self.videos.values()), seed)


@dataclass(frozen=True, eq=False)
class RunsCompared:
    """Runs on the same questions: every pair, and the row that the database keeps."""

    pairs: tuple[Pair, ...]
    stored: StoredComparison


def read_run(path: str | Path, asked: QuestionSet | None = None, *, metric: str = METRIC) -> Run:
    """-> the run of a result file.

    Of `svqa eval` with `per_question`, `{id: {"prediction", "answer"}}`, or of another program
    (`svqa.evaluation.result_files`): lmms-eval's sample log, a plain csv, TempCompass's ratings.

    The second kind has no fingerprint of its own: it takes that of `asked`, after every right
    answer in it was compared. Raises UsageError where a question is missing or the file says that
    another answer is right.
    """
    path = Path(path)
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        return _of_file(read_sample_log(path, metric), path, asked)
    if path.suffix == ".csv":
        return _of_file(read_result_table(path, metric), path, asked)
    data = read_object(path, "what `svqa eval --json` prints, or {id: {prediction, answer}}")
    if "per_question" in data:
        rows = _rows(data["per_question"], path)
        values = {key: _value(row, metric, path) for key, row in rows.items()}
        videos = {key: str(row["video"]) for key, row in rows.items()}
        types = {key: str(row["type"]) for key, row in rows.items() if row.get("type")}
        run = Run(path.stem, values, videos, data.get("fingerprint", {}), types=types)
    elif is_tempcompass(data):
        return _of_file(read_tempcompass(data, path), path, asked)
    elif asked is not None:
        run = _stored_predictions(path, data, asked)
    else:
        raise UsageError(
            f"{path} has no `per_question` rows. Give --questions FILE, or results with a "
            "row a question."
        )
    return run if asked is None else _on(run, asked)


def run_set(
    name: str,
    asked: QuestionSet,
    *,
    store: Store | None,
    captions: str | Path | None = None,
    metric: str = METRIC,
    annotations: str | Path | None = None,
    within: str | None = None,
    comparator: ModelComparator = model_comparator,
) -> Run:
    """-> the run of a model set, or of any registered VQA model, on every question of `asked`.

    A version or another answerer is shown what the set `within` finds. The videos are taken into
    `store` first if needed. With `captions` (and the `annotations` they belong to) no video is
    opened: the set's evidence answerer reads them. An abstention and an error count as wrong.
    """
    if captions is not None:
        from svqa.models import RememberedTexts, load_set

        if annotations is None:
            raise UsageError("Captions answer the questions of a csv: give --questions FILE.csv.")
        sentences = RememberedTexts(load_set(name).sentences)
        found = run_nextqa(annotations, captions, sentences=sentences)
        rows = found.per_question
        values = {str(row["id"]): float(row["chosen"] == row["right"]) for row in rows}
        about = {str(row["id"]): str(row["video"]) for row in rows}
        return Run(name, values, about, found.fingerprint)
    ran = comparator.run_model(ModelType.VQA, name, asked.inputs, store=store, within=within)
    if len(ran.errors) == len(asked.questions):
        raise UsageError(
            f"'{name}' answered none of the {len(asked.questions)} questions. First: "
            f"{ran.errors[0]}"
        )
    values = {
        q.id: 0.0 if i in ran.errors else value_of(ran.outputs[i], q.answers, metric)
        for i, q in enumerate(asked.questions)
    }
    videos = {q.id: q.video for q in asked.questions}
    return Run(name, values, videos, asked.fingerprint, ran.latency_ms, ran.peak_grown_bytes / 1e6)


def compare_runs(
    runs: Sequence[Run],
    *,
    store: Store | None = None,
    metric: str = METRIC,
    margin: float = MARGIN,
    seed: int = 0,
) -> RunsCompared:
    """Every pair of runs, paired by question and clustered by video.

    Their fingerprints have to agree.

    Raises DifferentFingerprints with the field that differs; UsageError where the questions are not
    the same.
    """
    if len({run.name for run in runs}) < max(2, len(runs)):
        raise UsageError(
            "Two or more runs with names of their own are compared, got "
            f"{[run.name for run in runs]}."
        )
    fingerprint = check_same({run.name: run.fingerprint for run in runs})
    first = runs[0]
    for run in runs[1:]:
        if set(run.values) != set(first.values):
            odd = min(set(run.values) ^ set(first.values))
            raise DifferentFingerprints(
                f"'{first.name}' and '{run.name}' answered other questions, for example '{odd}'."
            )
    ids = sorted(first.values)
    values = {run.name: [run.values[key] for key in ids] for run in runs}
    pairs = compare_all(values, [first.videos[key] for key in ids], seed=seed, margin=margin)
    rows, models = [pair.to_json() for pair in pairs], []
    for run in runs:
        cost = {"latency_ms": run.latency_ms, "memory_mb": run.memory_mb, "errors": 0}
        models.append({"name": run.name, **cost, metric: run.quality(seed).to_json()})
    stands = ranking({run.name: run.quality(seed).value for run in runs}, rows)
    result = {"models": models, "pairs": rows, **vars(stands)}
    stored = StoredComparison(
        "vqa", tuple(values), metric, len(ids), stands.verdict, fingerprint, result
    )
    if store is not None:
        store.add_comparison(stored)
    return RunsCompared(pairs, stored)


def compare_types(
    runs: Sequence[Run], *, margin: float = MARGIN, seed: int = 0
) -> dict[str, tuple[Pair, ...]]:
    """Every pair of runs on the questions of each type, corrected over all pairs and types.

    Runs as `compare_runs` takes them, who have already answered the same questions. Raises
    UsageError where a question has no type.
    """
    first = runs[0]
    if bare := [key for key in first.values if not first.types.get(key)]:
        raise UsageError(f"{first.name} says no type of {len(bare)} questions, first '{bare[0]}'.")
    ids = sorted(first.values)
    values = {run.name: [run.values[key] for key in ids] for run in runs}
    kinds = [first.types[key] for key in ids]
    return compare_within(
        values, [first.videos[key] for key in ids], kinds, seed=seed, margin=margin
    )


def _of_file(found: ResultFile, path: Path, asked: QuestionSet | None) -> Run:
    if asked is not None:
        raise UsageError(
            f"{path} is compared with other files of its kind; leave out --questions and name two."
        )
    rows = found.rows
    return Run(
        path.name.removesuffix(".gz").rpartition(".")[0],
        {row.id: row.value for row in rows},
        {row.id: row.video for row in rows},
        found.fingerprint,
        types={row.id: row.type for row in rows if row.type},
    )


def _rows(per_question: Any, path: Path) -> dict[str, Mapping[str, Any]]:
    """id -> its row. Raises UsageError for what is not a row a question, and for one id twice."""
    rows: dict[str, Mapping[str, Any]] = {}
    for i, row in enumerate(per_question if isinstance(per_question, list) else [per_question]):
        if not isinstance(row, dict) or "video" not in row:
            raise UsageError(f"{path}: row {i} of `per_question` must name its `video`, got {row}.")
        key = str(row.get("id", i))
        if key in rows:
            raise UsageError(f"{path}: two rows of `per_question` have the id '{key}'.")
        rows[key] = row
    return rows


def _value(row: Mapping[str, Any], metric: str, path: Path) -> float:
    if {"chosen", "right"} <= set(row):
        return float(row["chosen"] == row["right"])
    if metric not in row:
        raise UsageError(
            f"{path}: a row has no `{metric}`, only {', '.join(sorted(row))}. Name one "
            "with --metric."
        )
    value = row[metric]
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{path}: `{metric}` of a row must be 0 to 1, got {value!r}.")
    return float(value)


def _stored_predictions(path: Path, data: Mapping[str, Any], asked: QuestionSet) -> Run:
    values = {}
    for question in asked.questions:
        row = data.get(question.id)
        row = row if isinstance(row, dict) else {}
        right = row.get("answer")
        known = option_number(right, len(question.options))
        if known is None or question.options[known] != question.answers[0]:
            raise UsageError(
                f"{path} has no prediction for '{question.id}' with the answer "
                f"'{question.answers[0]}'."
            )
        values[question.id] = float(row.get("prediction") == right)
    return Run(path.stem, values, {q.id: q.video for q in asked.questions}, asked.fingerprint)


def _on(run: Run, asked: QuestionSet) -> Run:
    """The run on the questions that were asked. Raises UsageError where it lacks one."""
    check_same({"the questions": asked.fingerprint, run.name: run.fingerprint})
    missing = [q.id for q in asked.questions if q.id not in run.values]
    if missing:
        raise UsageError(f"{run.name} lacks {len(missing)} of the questions, first '{missing[0]}'.")
    ids = [q.id for q in asked.questions]
    return Run(
        run.name, {i: run.values[i] for i in ids}, {i: run.videos[i] for i in ids}, run.fingerprint
    )
