"""What the store hands out: frozen records of what its rows hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row

from svqa.notebook_html import InNotebook
from svqa.records import Evidence, Statement


@dataclass(frozen=True)
class Claim:
    """The right to ingest a video, or why not.

    `status`: `new` (nothing stored yet), `resumed` (stored up to `committed_s`), `ready` and
    `partial` (done before, nothing to do), `busy` (another process is at it). `findings`: those of
    the last chunk that is stored.
    """

    video_id: str
    status: str
    committed_s: float
    findings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredVideo(InNotebook):
    """A video as the database knows it.

    `id` is the short public one; `frames`, `segments` count its rows.
    """

    id: str
    path: str
    sha256: str
    size_bytes: int
    duration_s: float
    width_px: int
    height_px: int
    rate_hz: float
    has_audio: bool
    codec: str
    status: str
    note: str
    committed_s: float
    settings: Mapping[str, str | int | float | bool | None]
    created_at: datetime
    ingested_at: datetime | None
    frames: int
    segments: int


@dataclass(frozen=True)
class StoredChunk:
    """A committed transaction: which part (`frames`, `scene`, `speech` ...) of which seconds."""

    part: str
    start_s: float
    end_s: float
    committed_at: datetime


class BoxColumns(NamedTuple):
    """Boxes in time order: `label`, `t_s`, `track` (N each), `xyxy_px` (N, 4)."""

    label: tuple[str, ...]
    t_s: tuple[float, ...]
    track: tuple[int | None, ...]
    xyxy_px: np.ndarray


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Vectors of one space with whose and when they are.

    `video_ids (N,)` str, `spans (N, 2)` float64 seconds, `values (N, D)` float16.
    """

    video_ids: np.ndarray
    spans: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return (
            f"VectorTable({len(self)} x {self.values.shape[1]} of "
            f"{len(np.unique(self.video_ids))} videos)"
        )


@dataclass(frozen=True)
class VectorIndex:
    """An HNSW index of one space.

    How many rows PostgreSQL last counted in it, how it was built, and of what: 16 bits a number
    (`halfvec`) or 32 (`vector`).
    """

    name: str
    rows: int
    m: int
    ef_construction: int
    of: str = "vector"


@dataclass(frozen=True)
class VectorSpace:
    """Vectors that can be compared with each other.

    Their level, sense and model, how many there are, and their index.
    """

    level: str
    modality: str
    model_id: str
    dim: int
    rows: int
    index: VectorIndex | None


@dataclass(frozen=True)
class StoredQuery:
    """A question or search with what came of it: one line of the audit trail.

    No `videos`: the whole library.
    """

    id: int
    kind: str
    question: str
    options: tuple[str, ...]
    answer: str
    option: int | None
    score: float | None
    abstained: bool
    reason: str
    latency_ms: float
    models: Mapping[str, str]
    videos: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    created_at: datetime
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredCorrection:
    """What a person said of an answer.

    `query` is the question's number, `spans` the seconds of `video` that hold the evidence.
    """

    query: int
    verdict: str
    answer: str
    video: str
    spans: tuple[tuple[float, float], ...]
    created_at: datetime


@dataclass(frozen=True)
class Outcome:
    """How a question or search ended."""

    kind: str
    abstained: bool
    score: float | None
    latency_ms: float


@dataclass(frozen=True)
class StoredComparison:
    """A comparison of models on the same inputs; `fingerprint` says what was measured on what."""

    model_type: str
    models: tuple[str, ...]
    metric: str
    n: int
    verdict: str
    fingerprint: Mapping[str, Any]
    result: Mapping[str, Any]
    id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class StoredVersion:
    """One training run's outcome: what it came from, how it was made, what it gained.

    Never changed once stored.
    """

    name: str
    base_id: str
    base_revision: str
    base_sha256: str
    adapter_path: str
    sha256: str
    data_sha256: str
    settings: Mapping[str, Any]
    seed: int
    commit: str
    dirty: bool
    packages: Mapping[str, str]
    hardware: str
    seconds: float
    peak_memory_bytes: int
    figures: Mapping[str, Any]
    parent: int | None = None
    number: int | None = None
    id: int | None = None
    aliases: tuple[str, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True)
class LibraryStats:
    """The database at a glance, for `svqa db stats`.

    `latency_ms`: percentile -> that of the last 1,000 queries.
    """

    url: str
    revision: str
    size_bytes: int
    rows: Mapping[str, int]
    videos: Mapping[str, int]
    video_s: float
    queries: int
    abstained_share: float | None
    latency_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """What `svqa doctor` asks of the database; `problems` is empty where all is well."""

    url: str
    backend: str
    version: str
    revision: str
    journal_mode: str
    foreign_keys: bool
    problems: tuple[str, ...]


def statements_of(row: Row) -> tuple[Statement, ...] | None:
    """What a caption's row states; None where its maker gave no probabilities."""
    return None if row.statements is None else tuple(Statement(*told) for told in row.statements)


def joined_lines(rows: Iterable[Row]) -> list[Evidence]:
    """Lines in time and reading order -> one passage for those of one span.

    What goes on in the next chunk is one passage too.
    """
    told: dict[tuple[str, str, float], Evidence] = {}  # by video, words and end
    for (video, path, start_s, end_s), lines in itertools.groupby(
        rows, key=lambda r: (r.public_id, r.path, r.start_s, r.end_s)
    ):
        text = "\n".join(line.text for line in lines)
        before = told.pop((video, text, start_s), None)
        since_s = before.start_s if before else start_s
        told[video, text, end_s] = Evidence(video, path, since_s, end_s, 0.0, "text", text)
    return list(told.values())


def stored_video(row: Row) -> StoredVideo:
    """A row of the table `videos` -> its record."""
    return StoredVideo(
        id=row.public_id,
        path=row.path,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        duration_s=row.duration_s,
        width_px=row.width_px,
        height_px=row.height_px,
        rate_hz=row.rate_hz,
        has_audio=row.has_audio,
        codec=row.codec,
        status=row.status,
        note=row.note,
        committed_s=row.committed_s,
        settings=row.settings,
        created_at=row.created_at,
        ingested_at=row.ingested_at,
        frames=row.frames,
        segments=row.segments,
    )
