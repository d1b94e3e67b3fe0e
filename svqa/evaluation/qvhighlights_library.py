"""QVHighlights on a library: `svqa search` finds windows, its scores over time rate the clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.evaluation.qvhighlights import (
    CLIP_S,
    DRAWS,
    Prediction,
    Query,
    judge_moments,
    read_queries,
)
from svqa.metrics.results import EvalResult
from svqa.pipeline.library import Library
from svqa.pipeline.search import scores_over_time
from svqa.records import Progress

ENDINGS = (".mp4", ".mkv", ".webm", ".avi", ".mov")


def run_qvhighlights_library(
    library: Library,
    annotations: str | Path,
    *,
    films: str | Path,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """-> the official metrics of what the library finds, beside what never looks.

    `films` is the folder that holds the queries' videos, named as the annotations name them; those
    that the library lacks are ingested. Queries whose video is not there are left out, and
    `fingerprint` counts them. Raises UsageError where none is there.
    """
    queries, paths = read_queries(annotations), {}
    for query in queries:
        path = _film(Path(films), query.video)
        if path is not None:
            paths[query.video] = path
    asked = [query for query in queries if query.video in paths]
    if not asked:
        raise UsageError(
            f"{films} holds none of the {len({q.video for q in queries})} videos that "
            f"{annotations} asks about, such as {queries[0].video}{ENDINGS[0]}."
        )
    reports = library.ingest(*paths.values(), progress=progress)
    failed = [f"{report.path}: {report.note}" for report in reports if report.status == "failed"]
    if failed:
        raise UsageError(f"{len(failed)} videos cannot be read. {'; '.join(failed[:5])}")
    ids = dict(zip(paths, (report.video for report in reports), strict=True))
    made = []
    for done, query in enumerate(asked, 1):
        made.append(predict(library, query, ids[query.video]))
        if progress is not None:
            progress("queries", done, len(asked))
    fingerprint = {
        "annotations_sha256": hashlib.sha256(Path(annotations).read_bytes()).hexdigest(),
        "models": dict(library.models.model_ids),
        "every_s": library.settings.every_s,
        "queries_without_video": len(queries) - len(asked),
    }
    return judge_moments(asked, made, fingerprint, seed=seed)


def predict(library: Library, query: Query, video: str) -> Prediction:
    """-> the best moments of a search as windows, best first, and a score a clip of two seconds.

    A clip's score is that of the segment that its middle lies in.
    """
    found = library.search(query.text, video=video, k=DRAWS)
    windows = tuple((e.start_s, min(e.end_s, query.duration_s), e.score) for e in found)
    t_s, scores = scores_over_time(
        library.store, library.models, query.text, video=video, cache=library.cache
    )
    return Prediction(windows, _clip_scores(t_s, scores, query.clips))


def _clip_scores(t_s: np.ndarray, scores: np.ndarray, clips: int) -> tuple[float, ...]:
    if not len(t_s):
        return (0.0,) * clips
    middles = CLIP_S * (np.arange(clips) + 0.5)
    at = np.clip(np.searchsorted(t_s, middles, side="right") - 1, 0, len(t_s) - 1)
    return tuple(scores[at].tolist())


def _film(folder: Path, name: str) -> Path | None:
    if Path(name).name != name:  # a file's text must not lead out of the folder
        return None
    paths: Sequence[Path] = [folder / name, *(folder / f"{name}{ending}" for ending in ENDINGS)]
    return next((path for path in paths if path.is_file()), None)
