"""Chunk -> rows, written in bulk inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from svqa.database.columns import check_text
from svqa.database.schema import Embedding, EmbeddingSpace
from svqa.errors import BadVector
from svqa.records import Caption, Chunk, Detection, TextBox, Utterance, VectorSet

_LARGEST = 65504  # of float16
_SPOKEN = ("video_id", "start_s", "end_s", "text", "score", "model_id")
_BOX = (
    "video_id",
    "t_s",
    "label",
    "score",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
    "model_id",
    "track_id",
)
_TEXT_BOX = (*_SPOKEN, "left_px", "top_px", "right_px", "bottom_px")
_VECTOR = ("video_id", "space_id", "start_s", "end_s", "vector")


def chunk_part(chunk: Chunk) -> str:
    """What a chunk is a part of.

    `frames` (the walk through the video), or the names of the other things it holds.

    >>> chunk_part(Chunk(0.0, 30.0, frame_times_s=(0.0, 0.5)))
    'frames'
    """
    if chunk.frame_times_s or chunk.captions or chunk.detections or chunk.text_boxes:
        return "frames"
    levels = {s.level for s in chunk.segments} | {v.level for v in chunk.vectors}
    return "+".join(sorted(levels | ({"speech"} if chunk.utterances else set()))) or "frames"


def insert_chunk(connection: Connection, video: int, chunk: Chunk) -> None:
    """Writes all rows of a chunk; `video` is the primary key. Raises `BadVector` and `BadText`."""
    _insert(
        connection, "frames", ("video_id", "t_s"), [(video, float(t)) for t in chunk.frame_times_s]
    )
    _insert(
        connection,
        "segments",
        ("video_id", "level", "start_s", "end_s"),
        [(video, s.level, s.start_s, s.end_s) for s in chunk.segments],
    )
    _insert(
        connection,
        "captions",
        (*_SPOKEN, "statements"),
        [(*_spoken(video, caption), _statements(caption)) for caption in chunk.captions],
    )
    _insert(
        connection,
        "utterances",
        _SPOKEN,
        [_spoken(video, utterance) for utterance in chunk.utterances],
    )
    _insert(connection, "detections", _BOX, [_box(video, box) for box in chunk.detections])
    _insert(
        connection,
        "text_boxes",
        _TEXT_BOX,
        [(*_spoken(video, line), *map(float, line.xyxy_px)) for line in chunk.text_boxes],
    )
    for vectors in chunk.vectors:
        if len(vectors):
            insert_vectors(connection, video, vectors)


def insert_vectors(connection: Connection, video: int, vectors: VectorSet) -> None:
    """Writes vectors as float16 in their space; refuses what could not be searched later."""
    if not vectors.values.shape[1]:
        raise BadVector(f"{vectors!r} have no numbers. Check the model's output.")
    halves = _as_float16(vectors)
    space = _space_of(connection, video, vectors)
    spans = vectors.spans.tolist()
    rows = [(video, space, *span, half.tobytes()) for span, half in zip(spans, halves, strict=True)]
    if connection.dialect.name == "postgresql":
        texts = [str(half.tolist()) for half in halves.astype(np.float32)]
        rows = [(*row, text) for row, text in zip(rows, texts, strict=True)]
        _insert(connection, "embeddings", (*_VECTOR, "pg_vector"), rows)
    else:
        _insert(connection, "embeddings", _VECTOR, rows)


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: list[tuple]) -> None:
    """Plain values straight to the driver.

    SQLAlchemy's work on each row would take longer than SQLite's.
    """
    if rows:
        mark = {"sqlite": "?", "postgresql": "%s"}[connection.dialect.name]
        marks = ", ".join(
            f"CAST({mark} AS vector)" if name == "pg_vector" else mark for name in columns
        )
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows
        )


def _as_float16(vectors: VectorSet) -> np.ndarray:
    values = vectors.values
    # (N,) the largest magnitude of each row; NaN stays NaN
    peak = np.maximum(values.max(axis=1), -values.min(axis=1))
    bad = np.flatnonzero(~(peak <= _LARGEST))
    if len(bad):
        raise BadVector(
            f"{vectors!r}: row {bad[0]} holds NaN or a number beyond float16. Check the "
            "model's output."
        )
    zero = np.flatnonzero(peak.astype(np.float16) == 0)
    if len(zero):
        raise BadVector(
            f"{vectors!r}: row {zero[0]} has length zero, so it has no direction to "
            "compare. Leave it out."
        )
    return np.ascontiguousarray(values, dtype=np.float16)


def _space_of(connection: Connection, video: int, vectors: VectorSet) -> int:
    """The space's primary key, made where it is new.

    Checks dimension and model against what is stored.
    """
    dim = vectors.values.shape[1]
    wanted = (EmbeddingSpace.level == vectors.level, EmbeddingSpace.modality == vectors.modality)
    spaces = connection.execute(select(EmbeddingSpace).where(*wanted)).all()
    found = next((space for space in spaces if space.model_id == vectors.model_id), None)
    if found is not None and found.dim != dim:
        raise BadVector(
            f"{vectors.level} {vectors.modality} vectors by {vectors.model_id!r} have {found.dim} "
            f"numbers in this database, got {dim}. A changed model needs a new model_id."
        )
    for other in spaces:
        used = (
            select(Embedding.id)
            .where(Embedding.video_id == video, Embedding.space_id == other.id)
            .limit(1)
        )
        if other is not found and connection.execute(used).first() is not None:
            raise BadVector(
                f"this video's {vectors.level} {vectors.modality} vectors are by "
                f"{other.model_id!r}, got some by {vectors.model_id!r}. Vectors of two models "
                "cannot be compared."
            )
    if found is not None:
        return found.id
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
    new = dialect.insert(EmbeddingSpace).values(
        level=vectors.level, modality=vectors.modality, model_id=vectors.model_id, dim=dim
    )
    connection.execute(new.on_conflict_do_nothing())
    # another process may have been first, with another dimension
    return _space_of(connection, video, vectors)


def _spoken(video: int, item: Caption | Utterance | TextBox) -> tuple:
    return (
        video,
        item.start_s,
        item.end_s,
        check_text(item.text),
        float(item.score),
        check_text(item.model_id),
    )


def _statements(caption: Caption) -> str | None:
    if caption.statements is None:
        return None
    return json.dumps([(check_text(text), p) for text, p in caption.statements])


def _box(video: int, box: Detection) -> tuple:
    corners = map(float, box.xyxy_px)
    return (
        video,
        box.t_s,
        check_text(box.label),
        float(box.score),
        *corners,
        check_text(box.model_id),
        box.track_id,
    )
