"""QVHighlights: a model's windows and scores of clips -> the official metrics, with intervals.

Lei et al. 2021, arXiv:2107.09609. A query describes something in a video of up to 150 s; people
marked the windows it is about and rated every clip of two seconds in them. What is judged is a file
of predictions, whoever made it. Intervals are over videos.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import UsageError
from svqa.evaluation.benchmark_files import read_lines
from svqa.json_lines import Mistake, refuse
from svqa.metrics.grounding import Span
from svqa.metrics.highlights import highlight_values, moment_values
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups

CLIP_S = 2.0
LENGTHS_S = {"short": (0.0, 10.0), "middle": (10.0, 30.0), "long": (30.0, 150.0)}
DRAWS = 10  # windows a random baseline hands in: as many as are judged
Values = dict[str, float]


@dataclass(frozen=True, eq=False)
class Query:
    """A description, the windows it is about, and (clips, 3) ratings where people gave any."""

    id: str
    text: str
    video: str
    duration_s: float
    windows: tuple[Span, ...]
    ratings: np.ndarray | None

    @property
    def clips(self) -> int:
        """How many whole clips of two seconds the video has."""
        return int(self.duration_s / CLIP_S)


@dataclass(frozen=True)
class Prediction:
    """Windows (start, end, score) as they were handed in, scores of clips; what is absent is None.

    The first window is the one that R@1 is about.
    """

    windows: tuple[tuple[float, float, float], ...] | None = None
    scores: tuple[float, ...] | None = None


def read_queries(path: str | Path) -> list[Query]:
    """-> the queries of an annotation file (`highlight_val_release.jsonl`).

    Raises UsageError with every line that lacks a field or holds another thing in it.
    """
    rows = read_lines(path)
    refuse(Path(path), _wrong_queries(rows))
    return [_query(row) for _, row in rows]


def read_moments(path: str | Path, queries: Sequence[Query]) -> list[Prediction]:
    """-> a submission (.jsonl or .jsonl.gz) in the order of `queries`.

    A line holds `{"qid", "pred_relevant_windows": [[start, end, score], ...],
    "pred_saliency_scores": [one a clip, ...]}`, at least one of the last two. Raises UsageError
    with every wrong line, and where the queries are not those of the annotations.
    """
    rows = read_lines(path)
    refuse(Path(path), _wrong_predictions(rows))
    made = {str(row["qid"]): _prediction(row) for _, row in rows}
    asked = {query.id for query in queries}
    for missing, where in ((asked - set(made), path), (set(made) - asked, "the annotations")):
        if missing:
            raise UsageError(
                f"{where} lacks {len(missing)} of the queries, first '{min(missing)}': the "
                "official metrics need one prediction a query."
            )
    return [made[query.id] for query in queries]


def run_qvhighlights(
    annotations: str | Path, predictions: str | Path, *, seed: int = 0
) -> EvalResult:
    """-> the official metrics of a submission file, beside what never looks.

    The means are those of the authors' `standalone_eval`; see `svqa.metrics.moment_values` and
    `highlight_values` for the names. `by_type`: moments by length of the marked windows.
    """
    queries = read_queries(annotations)
    files = {"annotations_sha256": annotations, "predictions_sha256": predictions}
    sums = {key: hashlib.sha256(Path(p).read_bytes()).hexdigest() for key, p in files.items()}
    return judge_moments(queries, read_moments(predictions, queries), sums, seed=seed)


def judge_moments(
    queries: Sequence[Query],
    predictions: Sequence[Prediction],
    fingerprint: Mapping[str, Any],
    *,
    seed: int = 0,
) -> EvalResult:
    """Queries and a prediction each -> figures over all and by length, beside their baselines."""
    rows = [_values(q, p) for q, p in zip(queries, predictions, strict=True)]
    by_length = {
        kind: _figures(*_of_length(queries, predictions, span), seed)
        for kind, span in LENGTHS_S.items()
    }
    videos = [query.video for query in queries]
    return EvalResult(
        len(rows),
        _figures(rows, videos, seed),
        {kind: figures for kind, figures in by_length.items() if figures},
        {
            name: _shared(_figures([_values(*pair) for pair in made], videos, seed), rows[0])
            for name, made in _baselines(queries, seed).items()
        },
        {"benchmark": "qvhighlights", **fingerprint, "seed": seed},
        tuple(
            {"id": query.id, "video": query.video, **row}
            for query, row in zip(queries, rows, strict=True)
        ),
    )


def _values(query: Query, made: Prediction) -> Values:
    found: Values = {}
    if made.windows is not None:
        found |= moment_values(made.windows, query.windows)
    if made.scores is not None and query.ratings is not None:
        found |= highlight_values(made.scores, query.ratings)
    return found


def _of_length(
    queries: Sequence[Query], predictions: Sequence[Prediction], length_s: Span
) -> tuple[list[Values], list[str]]:
    """Only the marked windows of this length, and only the queries that have one."""
    rows, videos = [], []
    for query, made in zip(queries, predictions, strict=True):
        marked = [w for w in query.windows if length_s[0] < w[1] - w[0] <= length_s[1]]
        if marked and made.windows is not None:
            rows.append(moment_values(made.windows, marked))
            videos.append(query.video)
    return rows, videos


def _baselines(queries: Sequence[Query], seed: int) -> dict[str, list[tuple[Query, Prediction]]]:
    """What never looks: all of the video, windows anywhere, scores that mean nothing."""
    rng = np.random.default_rng(seed)
    whole, anywhere, chance = [], [], []
    for query in queries:
        whole.append((query, Prediction(windows=((0.0, query.duration_s, 1.0),))))
        windows = tuple((*_anywhere(rng, query.clips), float(-rank)) for rank in range(DRAWS))
        anywhere.append((query, Prediction(windows=windows)))
        chance.append((query, Prediction(scores=tuple(rng.random(query.clips).tolist()))))
    return {"whole video": whole, "random span": anywhere, "chance highlights": chance}


def _anywhere(rng: np.random.Generator, clips: int) -> Span:
    start, end = np.sort(rng.choice(clips + 1, size=2, replace=False))
    return CLIP_S * float(start), CLIP_S * float(end)


def _figures(rows: Sequence[Values], videos: Sequence[str], seed: int) -> dict[str, Figure]:
    names = rows[0] if rows else ()
    return {
        name: bootstrap_over_groups([row[name] for row in rows], videos, seed) for name in names
    }


def _shared(figures: Mapping[str, Figure], like: Values) -> dict[str, Figure]:
    return {name: figure for name, figure in figures.items() if name in like}


def _query(row: Mapping[str, Any]) -> Query:
    duration_s, ratings = float(row["duration"]), None
    if "saliency_scores" in row:
        ratings = np.zeros((int(duration_s / CLIP_S), 3))
        ratings[np.array(row["relevant_clip_ids"], int)] = row["saliency_scores"]
    windows = tuple((float(a), float(b)) for a, b in row["relevant_windows"])
    return Query(str(row["qid"]), row["query"], row["vid"], duration_s, windows, ratings)


def _prediction(row: Mapping[str, Any]) -> Prediction:
    windows, scores = row.get("pred_relevant_windows"), row.get("pred_saliency_scores")
    return Prediction(
        None if windows is None else tuple((float(a), float(b), float(s)) for a, b, s in windows),
        None if scores is None else tuple(map(float, scores)),
    )


def _wrong_queries(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Mistake]:
    for line, row in rows:
        lacking = [
            name
            for name in ("qid", "query", "vid", "duration", "relevant_windows")
            if name not in row
        ]
        if lacking:
            yield Mistake(line, f"has no {', '.join(lacking)}")
        elif not _numbers(row["duration"]) or row["duration"] < CLIP_S:
            yield Mistake(line, f"`duration` must be seconds, got {row['duration']!r}")
        elif not _rows_of(row["relevant_windows"], 2):
            yield Mistake(line, "`relevant_windows` must be [[start, end], ...], at least one")
        elif "saliency_scores" in row and not _rated(row):
            yield Mistake(
                line,
                "`saliency_scores` must hold three ratings for each clip of `relevant_clip_ids`, "
                "all of them inside the video",
            )
    yield from _asked_twice(rows)


def _wrong_predictions(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Mistake]:
    for line, row in rows:
        windows, scores = row.get("pred_relevant_windows"), row.get("pred_saliency_scores")
        if "qid" not in row or (windows is None and scores is None):
            yield Mistake(
                line, "needs `qid`, and `pred_relevant_windows` or `pred_saliency_scores`"
            )
        elif windows is not None and not _rows_of(windows, 3):
            yield Mistake(line, "`pred_relevant_windows` must be [[start, end, score], ...]")
        elif scores is not None and not (isinstance(scores, list) and scores and _numbers(*scores)):
            yield Mistake(line, "`pred_saliency_scores` must be a list of numbers, one a clip")
        elif set(row) & _FIELDS != set(rows[0][1]) & _FIELDS:
            yield Mistake(
                line, f"must predict what line {rows[0][0]} does: windows, scores or both"
            )
    yield from _asked_twice(rows)


_FIELDS = {"pred_relevant_windows", "pred_saliency_scores"}


def _asked_twice(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for line, row in rows:
        known = first.setdefault(str(row.get("qid", f"line {line}")), line)
        if known != line:
            yield Mistake(line, f"has the qid of line {known}")


def _rated(row: Mapping[str, Any]) -> bool:
    clips, scores = row.get("relevant_clip_ids"), row["saliency_scores"]
    last = int(row["duration"] / CLIP_S)
    return (
        isinstance(clips, list)
        and all(isinstance(clip, int) and 0 <= clip < last for clip in clips)
        and _rows_of(scores, 3)
        and len(scores) == len(clips)
    )


def _rows_of(value: object, width: int) -> bool:
    """Whether it is a list, with something in it, of rows of so many numbers."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) and len(row) == width and _numbers(*row) for row in value)
    )


def _numbers(*found: object) -> bool:
    return all(
        isinstance(x, int | float) and not isinstance(x, bool) and np.isfinite(x) for x in found
    )
