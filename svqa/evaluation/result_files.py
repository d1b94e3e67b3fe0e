"""Result files of other people's programs -> a value a question, with its video and its type.

| file | what it is |
|---|---|
| `.jsonl`, `.jsonl.gz` | the sample log that lmms-eval writes with `--log_samples` |
| `.csv` | columns `id`, `video`, one named like the metric or `prediction` and `answer`; `type` |
| `.json` | TempCompass: `{video: {aspect: [{question, gt-answer, rating}, ...]}}` |

What was asked goes into the fingerprint, so that only answers to the same questions are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.errors import UsageError
from svqa.evaluation.benchmark_files import read_lines, read_table
from svqa.evaluation.output_quality import METRIC, check_metric, value_of
from svqa.json_lines import Mistake, refuse
from svqa.metrics.fingerprint import digest

# what a line of lmms-eval's log holds beside its metrics
_LOGGED = {
    *("doc_id", "doc", "doc_hash", "prompt_hash", "target", "target_hash", "input", "input_media"),
    *("arguments", "resps", "filtered_resps", "filter", "metrics", "token_counts"),
}
_VIDEO = ("video_id", "videoID", "video_name", "video", "video_path", "vid")
_TYPE = ("dim", "task_category", "task_type", "question_category", "category")


@dataclass(frozen=True)
class Scored:
    """One question of a result file: what it is about and how well it was answered, 0 to 1."""

    id: str
    video: str
    value: float
    type: str = ""


@dataclass(frozen=True)
class ResultFile:
    """A row a question, and what says that another file is about the same questions."""

    rows: tuple[Scored, ...]
    fingerprint: Mapping[str, Any]


def read_sample_log(path: str | Path, metric: str = METRIC) -> ResultFile:
    """-> what lmms-eval logged of one task (`--log_samples`).

    A metric is a number, or an object with `score`, `rating`, or `pred_answer` beside `answer`.
    Without `metric` (or as `accuracy`) every metric of a line counts, as long as they agree. Raises
    UsageError with every line that names no video, has no such metric, or was logged twice.
    """
    lines, rows, targets, wrong = read_lines(path), [], [], []
    first: dict[str, int] = {}
    for line, row in lines:
        try:
            rows.append(_logged(row, metric))
        except ValueError as error:
            wrong.append(Mistake(line, str(error)))
            continue
        targets.append((rows[-1].id, str(row["target"])))
        known = first.setdefault(rows[-1].id, line)
        if known != line:
            wrong.append(Mistake(line, f"has the doc_id of line {known}; log one filter only"))
    refuse(Path(path), wrong, nothing="compared")
    return ResultFile(tuple(rows), {**_asked(rows), "targets_sha256": digest(sorted(targets))})


def read_result_table(path: str | Path, metric: str = METRIC) -> ResultFile:
    """-> a plain csv with a row a question.

    The column named like `metric` holds 0 to 1; without it `prediction` is held against `answer`.
    Raises UsageError for columns that are missing, and with every wrong row.
    """
    lines = read_table(path, ("id", "video"), "result")
    columns = set(lines[0][1]) if lines else set()
    if metric not in columns and not {"prediction", "answer"} <= columns:
        raise UsageError(
            f"{path} is not a result file: it needs a column `{metric}` (0 to 1), or `prediction` "
            f"and `answer`, beside `id` and `video`; it has {', '.join(sorted(columns)) or 'none'}."
        )
    if metric not in columns:
        check_metric(metric)
    refuse(Path(path), _wrong_rows(lines, metric), nothing="compared")
    rows = [
        Scored(row["id"], row["video"], _of_table(row, metric), row.get("type") or "")
        for _, row in lines
    ]
    return ResultFile(tuple(rows), _asked(rows))


def is_tempcompass(data: Mapping[str, Any]) -> bool:
    """Whether the object of a JSON file is laid out as TempCompass's ratings are."""
    videos = list(data.values())
    return bool(videos) and all(
        isinstance(aspects, dict)
        and aspects
        and all(isinstance(rows, list) and rows for rows in aspects.values())
        for aspects in videos
    )


def read_tempcompass(data: Mapping[str, Any], path: str | Path) -> ResultFile:
    """-> TempCompass's ratings (Liu et al. 2024, arXiv:2403.00476), the aspect as type.

    Raises UsageError for a row without `question`, `gt-answer` or a `rating` of 0 or 1.
    """
    rows, asked = [], []
    for video, aspects in data.items():
        for aspect, answered in aspects.items():
            for i, row in enumerate(answered):
                fields = row if isinstance(row, dict) else {}
                if not {"question", "gt-answer"} <= set(fields) or fields.get("rating") not in (
                    0,
                    1,
                ):
                    raise UsageError(
                        f"{path}: row {i} of '{video}', '{aspect}' needs `question`, `gt-answer` "
                        "and a `rating` of 0 or 1, as TempCompass writes them."
                    )
                rows.append(Scored(f"{video}/{aspect}/{i}", video, float(row["rating"]), aspect))
                asked.append((rows[-1].id, row["question"], str(row["gt-answer"])))
    return ResultFile(tuple(rows), {**_asked(rows), "targets_sha256": digest(sorted(asked))})


def _asked(rows: Sequence[Scored]) -> dict[str, str]:
    return {"rows_sha256": digest(sorted((row.id, row.video) for row in rows))}


def _logged(row: Mapping[str, Any], metric: str) -> Scored:
    """A line of the log -> its row. Raises ValueError with what is wrong about it."""
    if lacking := [name for name in ("doc_id", "target") if name not in row]:
        raise ValueError(f"is no sample of lmms-eval: it has no {', '.join(lacking)}")
    given = {name: value for name, value in row.items() if name not in _LOGGED}
    named = {metric: given[metric]} if metric in given else given
    if metric not in given and metric != METRIC:
        raise ValueError(f"has no metric `{metric}`, only {', '.join(sorted(given)) or 'none'}")
    values = {name: found for name, v in named.items() if (found := _score(v)) is not None}
    if not values:
        raise ValueError(f"has no metric that is a score: {', '.join(sorted(given)) or 'none'}")
    if len(set(values.values())) > 1:
        raise ValueError(f"has metrics that differ, name one: {', '.join(sorted(values))}")
    value = next(iter(values.values()))
    if not 0 <= value <= 1:
        raise ValueError(f"`{next(iter(values))}` must be 0 to 1, got {value!r}")
    objects = [v for v in named.values() if isinstance(v, dict)]
    video = _first(objects, _VIDEO) or _media(row.get("input_media"))
    if not video:
        raise ValueError(
            f"names no video ({', '.join(_VIDEO)} or input_media); write a csv with id, video, "
            f"{metric} instead"
        )
    return Scored(str(row["doc_id"]), video, value, _first(objects, _TYPE))


def _score(value: object) -> float | None:
    """A metric's value -> a number, None where it says none; -1, could not be read, is wrong."""
    if isinstance(value, dict):
        if {"pred_answer", "answer"} <= set(value):
            return float(value["pred_answer"] == value["answer"])
        value = value.get("score", value.get("rating"))
        return 0.0 if value == -1 else _score(value)
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def _first(objects: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    return next((str(o[name]) for o in objects for name in names if o.get(name)), "")


def _media(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and value else ""


def _of_table(row: Mapping[str, str], metric: str) -> float:
    if metric in row:
        return float(row[metric])
    return value_of(row["prediction"], row["answer"], metric)


def _wrong_rows(lines: Sequence[tuple[int, Mapping[str, str]]], metric: str) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for line, row in lines:
        known = first.setdefault(row["id"], line)
        if known != line:
            yield Mistake(line, f"has the id of line {known}")
        if metric in row and not _share(row[metric]):
            yield Mistake(line, f"`{metric}` must be 0 to 1, got {row[metric]!r}")
        elif metric not in row and not (row["answer"] or "").strip():
            yield Mistake(line, "has no value for answer")


def _share(text: str | None) -> bool:
    try:
        return 0 <= float(text or "") <= 1
    except ValueError:
        return False
