"""Paths -> rows: probe, claim, analyse, commit, release.

Chunk by chunk, one transaction each; then the video is released for search.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from svqa.database import Store
from svqa.errors import (
    ModelError,
    NetworkRefused,
    NotIngested,
    SvqaError,
    UsageError,
)
from svqa.media import (
    FileStamp,
    check_readable,
    check_unchanged,
    file_stamp,
    identify,
    probe,
)
from svqa.models.zoo import ModelSet
from svqa.pipeline.analysis import Analysis
from svqa.pipeline.damage_note import damage_note
from svqa.pipeline.findings import Findings
from svqa.pipeline.malloc_trim import give_back_memory, map_large_blocks
from svqa.pipeline.shot_boundaries import shots_from, shots_of_every_frame
from svqa.profiling.timing import Timer, Timings
from svqa.records import Progress
from svqa.settings import Settings

BUSY_POLL_S = 0.5
SHORT_S = 0.5  # a file that lacks more of what its header says is told of
FATAL = (UsageError, ModelError)  # the request is wrong, for every file
OPTIONAL = {"detector": "boxes", "reader": "text", "transcriber": "speech"}  # role -> its setting


@dataclass(frozen=True)
class IngestReport:
    """What became of one file.

    `status`: `ready`, `partial` (the file ends early or is damaged), `already` (nothing to do) or
    `failed`.
    """

    path: str
    status: str
    video: str = ""
    duration_s: float = 0.0
    frames: int = 0
    segments: int = 0
    seconds: float = 0.0
    note: str = ""

    @property
    def real_time_factor(self) -> float:
        """Seconds of video an ingest second takes in; 0 where nothing was done."""
        return self.duration_s / self.seconds if self.seconds and self.status != "failed" else 0.0


def ingest_many(
    store: Store,
    models: ModelSet,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """One report a file, in order.

    A file that cannot be read, or stored, is reported as `failed` and does not stop the others:
    only a wrong request or a model that cannot be used does.
    """
    return [ingest_one(store, models, p, settings=settings, progress=progress) for p in paths]


def ingest_one(
    store: Store,
    models: ModelSet,
    path: str | Path,
    *,
    settings: Settings,
    progress: Progress | None = None,
    fatal: tuple[type[Exception], ...] = FATAL,
) -> IngestReport:
    """`ingest_video`, with what went wrong as a report; raised is only what is `fatal`."""
    begin = time.perf_counter()
    try:
        return ingest_video(store, models, path, settings=settings, progress=progress)
    except (NotIngested, NetworkRefused) as error:
        return failed(path, error, begin)
    except fatal:
        raise
    except Exception as error:
        return failed(path, error, begin)


def failed(path: str | Path, error: Exception, begin: float) -> IngestReport:
    """-> the report of a file that was not taken in, `begin` seconds of `perf_counter` ago."""
    note = f"{type(error).__name__}: {error}"
    return IngestReport(str(path), "failed", seconds=time.perf_counter() - begin, note=note)


def ingest_video(
    store: Store,
    models: ModelSet,
    path: str | Path,
    *,
    settings: Settings,
    progress: Progress | None = None,
) -> IngestReport:
    """Ingest one file; free where its bytes are already there with the same settings and models.

    Killed at any point, the next call goes on after the last committed chunk. Raises the MediaError
    that says what is wrong with the file; nothing half-done is ever searched.
    """
    begin = time.perf_counter()
    settings, lacking = _with_what_is_here(settings, models)
    path, identity = str(path), settings.identity(models.model_ids)
    check_readable(path)
    stamp = file_stamp(path)  # before it is hashed: what replaces it later is another file
    sha256 = identify(path)
    known = store.ingested(sha256, identity)
    if known and (known.path == path or os.path.exists(known.path)):
        return _report(store, known.id, "already", begin, path, lacking)
    info = probe(path, sha256=sha256)
    map_large_blocks()
    claim = store.claim_video(info, identity)
    while claim.status == "busy":
        if progress is not None:  # how far the one who has it came
            progress(path, claim.committed_s, info.duration_s)
        time.sleep(BUSY_POLL_S)
        claim = store.claim_video(info, identity)
    if claim.status in ("ready", "partial"):
        return _report(store, claim.video_id, "already", begin, path, lacking)
    try:
        from_s, end_s = claim.committed_s, info.duration_s
        watched = progress and _WatchedTimings(path, end_s, settings.scene_s, from_s, progress)
        found = Findings.read(claim.findings)
        analysis = Analysis(path, info, models, settings, found, watched)
        _commit_chunks(store, claim.video_id, analysis, from_s, stamp, watched)
        _finish(store, claim.video_id, analysis, max(analysis.end_s, claim.committed_s))
    except SvqaError as error:
        store.fail_video(claim.video_id, f"{type(error).__name__}: {error}")
        raise
    except BaseException:
        store.release(claim.video_id)
        raise
    return _report(store, claim.video_id, None, begin, path, lacking)


def _with_what_is_here(settings: Settings, models: ModelSet) -> tuple[Settings, str]:
    """-> the settings without the parts whose package is not installed, and which ones these are.

    What is taken in without a part is known as such, so that it is taken in anew with it.
    """
    lacking = []
    for role, part in OPTIONAL.items():
        if getattr(settings, part) and (package := models.missing(role)):
            off: dict[str, Any] = {part: False}
            settings = replace(settings, **off)
            lacking.append(f"without {part}: {role} needs {package}. Run: pip install {package}")
    return settings, "; ".join(lacking)


class _WatchedTimings(Timings):
    """Timings that say how far a chunk has come whenever a step of it begins.

    The first chunk's steps count alike; later ones are told by how long the chunks before took.
    """

    STEPS = ("decode", "shots", "repeats", "vectors", "captions", "boxes", "text", "speech")

    def __init__(self, path: str, end_s: float, chunk_s: float, from_s: float, progress: Progress):
        super().__init__()
        self.path, self.end_s, self.chunk_s, self.progress = path, end_s, chunk_s, progress
        self.start_s, self.share, self.chunks = from_s, 0.0, 0
        self.began = self.chunk_began = time.perf_counter()

    def track(self, operation: str) -> Timer:
        if operation in self.STEPS:
            spent = time.perf_counter() - self.chunk_began
            told = self.STEPS.index(operation) / (len(self.STEPS) + 1)
            if self.chunks:
                told = 0.95 * min(1.0, spent * self.chunks / (self.chunk_began - self.began))
            self.share = max(self.share, told)
            ahead_s = self.share * min(self.chunk_s, max(0.0, self.end_s - self.start_s))
            self.progress(self.path, self.start_s + ahead_s, self.end_s)
        return super().track(operation)

    def committed(self, until_s: float) -> None:
        """A chunk is in the database."""
        self.start_s, self.share, self.chunks = until_s, 0.0, self.chunks + 1
        self.chunk_began = time.perf_counter()
        self.progress(self.path, until_s, self.end_s)


def _commit_chunks(
    store: Store,
    video_id: str,
    analysis: Analysis,
    from_s: float,
    stamp: FileStamp,
    watched: _WatchedTimings | None,
) -> None:
    for chunk in analysis.chunks(from_s):
        check_unchanged(analysis.path, stamp)
        with analysis.timings.track("store"):
            store.commit_chunk(video_id, chunk)
        give_back_memory()
        if watched:
            watched.committed(chunk.end_s)


def _cut_note(end_s: float, declared_s: float) -> str:
    if declared_s < end_s + SHORT_S:  # its header tells no more than what is there
        return f"a part of the file is missing or cut off: {end_s:.1f} s could be read"
    return f"the file ends early: {end_s:.1f} s of {declared_s:.1f} s could be read"


def _finish(store: Store, video_id: str, analysis: Analysis, end_s: float) -> None:
    settings, found = analysis.settings, analysis.findings
    if settings.shots == "transnet":
        with analysis.timings.track("shots"):
            shots = shots_of_every_frame(analysis.path, end_s, settings.shots, settings.decoder)
    else:
        shots = shots_from(store.shots(video_id), end_s)
    cut = _cut_note(end_s, found.declared_s) if found.truncated else ""
    short = (
        f"its header says {found.declared_s:.1f} s, {end_s:.1f} s could be read"
        if not found.truncated and found.declared_s - end_s > max(SHORT_S, 0.02 * end_s)
        else ""
    )
    unheard = (
        f"its sound ({found.unheard}) is in a codec that svqa does not decode"
        if found.unheard
        else ""
    )
    faults = [damage_note(found.damaged_spans_s), cut]
    unwritten = [said for _, said in found.left_out]
    note = "; ".join(filter(None, [*faults, short, unheard, *unwritten]))
    metrics = {f"{stage}_s": spent.total_s for stage, spent in analysis.timings.read().items()}
    metrics["frames_skipped"] = float(found.frames_skipped)
    store.finish_video(
        video_id,
        status="partial" if any(faults) else "ready",
        note=note,
        shots=shots,
        metrics=metrics,
    )


def _report(
    store: Store, video_id: str, status: str | None, begin: float, path: str, lacking: str
) -> IngestReport:
    video = store.find_video(video_id)
    seconds = time.perf_counter() - begin
    return IngestReport(
        path,
        status or video.status,
        video.id,
        video.duration_s,
        video.frames,
        video.segments,
        seconds,
        "; ".join(filter(None, (video.note, lacking))),
    )
