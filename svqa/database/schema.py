"""The tables: everything svqa computes is a row that can be traced back to a second of a video.

Times of a video are float seconds from its first frame; moments of the world are UTC. Vectors are
float16 bytes with the space (level, modality, model, dimension) they live in: vectors of two spaces
are never compared.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from svqa.database.columns import CheckedText, Document, UtcTime, utc_now

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# SQLite's integers are 64 bits wide, and only INTEGER counts up
WHOLE = BigInteger().with_variant(Integer, "sqlite")
SPAN = "start_s >= 0 AND end_s >= start_s"


class Base(DeclarativeBase):
    """Base of all tables; constraints have names, so that a migration can find them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {
        int: WHOLE,
        str: CheckedText(),
        datetime: UtcTime(),
        dict[str, Any]: Document(),
        list[str]: Document(),
        list[Any]: Document(),
    }


def _of_video() -> Mapped[int]:
    return mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))


class Video(Base):
    """A file, known by its bytes and by the settings it was ingested with.

    Everything before `committed_s` is stored. `frames` and `segments` count the rows written, so
    that listing a library counts nothing; `frame_count` is what the file itself claims.
    """

    __tablename__ = "videos"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    settings_hash: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(index=True)
    size_bytes: Mapped[int]
    duration_s: Mapped[float]
    width_px: Mapped[int]
    height_px: Mapped[int]
    rate_hz: Mapped[float]
    rotation_deg: Mapped[int]
    codec: Mapped[str]
    container: Mapped[str]
    has_audio: Mapped[bool]
    frame_count: Mapped[int | None]
    variable_rate: Mapped[bool]
    status: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(default="")
    committed_s: Mapped[float] = mapped_column(default=0.0)
    frames: Mapped[int] = mapped_column(default=0)
    segments: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ingested_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("sha256", "settings_hash"),
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
        CheckConstraint(
            "status IN ('ingesting', 'ready', 'partial', 'failed')", name="status_known"
        ),
        CheckConstraint("duration_s >= 0 AND committed_s >= 0", name="seconds_positive"),
        CheckConstraint("width_px > 0 AND height_px > 0", name="size_positive"),
    )


class IngestChunk(Base):
    """A committed transaction: one part of one stretch of a video, written once.

    Parts are `frames`, `scene`, `speech` and so on. `findings` is what the run that wrote it knew
    of the video by then, beside its rows.
    """

    __tablename__ = "ingest_chunks"
    video_id: Mapped[int] = mapped_column(
        ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True
    )
    part: Mapped[str] = mapped_column(String(40), primary_key=True)
    start_s: Mapped[float] = mapped_column(primary_key=True)
    end_s: Mapped[float]
    committed_at: Mapped[datetime]
    findings: Mapped[dict[str, Any] | None]
    __table_args__ = (CheckConstraint(SPAN, name="span"),)


class Frame(Base):
    """A sampled frame: only its time; the pixels stay in the file."""

    __tablename__ = "frames"
    video_id: Mapped[int] = mapped_column(
        ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True
    )
    t_s: Mapped[float] = mapped_column(primary_key=True)
    __table_args__ = (CheckConstraint("t_s >= 0", name="time"), {"sqlite_with_rowid": False})


class Segment(Base):
    """A stretch of a video at one level: `segment` (5 s), `scene` (30 s) or `shot`."""

    __tablename__ = "segments"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    level: Mapped[str] = mapped_column(String(8))
    start_s: Mapped[float]
    end_s: Mapped[float]
    __table_args__ = (
        UniqueConstraint("video_id", "level", "start_s"),
        CheckConstraint(SPAN, name="span"),
        CheckConstraint("level IN ('frame', 'segment', 'scene', 'shot')", name="level_known"),
    )


class Caption(Base):
    """A sentence that a model wrote about a span."""

    __tablename__ = "captions"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    start_s: Mapped[float]
    end_s: Mapped[float]
    text: Mapped[str]
    score: Mapped[float]
    model_id: Mapped[str]
    statements: Mapped[list[Any] | None]  # what it states, each with its probability
    __table_args__ = (Index(None, "video_id", "start_s"), CheckConstraint(SPAN, name="span"))


class Utterance(Base):
    """Words heard in a span."""

    __tablename__ = "utterances"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    start_s: Mapped[float]
    end_s: Mapped[float]
    text: Mapped[str]
    score: Mapped[float]
    model_id: Mapped[str]
    __table_args__ = (Index(None, "video_id", "start_s"), CheckConstraint(SPAN, name="span"))


class Detection(Base):
    """A box at one moment, left, top, right, bottom in pixels of the displayed frame."""

    __tablename__ = "detections"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    t_s: Mapped[float]
    label: Mapped[str]
    score: Mapped[float]
    left_px: Mapped[float]
    top_px: Mapped[float]
    right_px: Mapped[float]
    bottom_px: Mapped[float]
    model_id: Mapped[str]
    track_id: Mapped[int | None]
    __table_args__ = (
        Index(None, "video_id", "t_s"),
        CheckConstraint("right_px > left_px AND bottom_px > top_px", name="box"),
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
    )


class TextBox(Base):
    """A line of text in the picture during a span, its box as in `Detection`.

    The lines of one picture are written in reading order, so by `id`.
    """

    __tablename__ = "text_boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    start_s: Mapped[float]
    end_s: Mapped[float]
    text: Mapped[str]
    score: Mapped[float]
    left_px: Mapped[float]
    top_px: Mapped[float]
    right_px: Mapped[float]
    bottom_px: Mapped[float]
    model_id: Mapped[str]
    __table_args__ = (
        Index(None, "video_id", "start_s"),
        CheckConstraint(SPAN, name="span"),
        CheckConstraint("right_px > left_px AND bottom_px > top_px", name="box"),
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
    )


class EmbeddingSpace(Base):
    """Where vectors can be compared with each other.

    One level, modality and model, one dimension.
    """

    __tablename__ = "embedding_spaces"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(8))
    modality: Mapped[str] = mapped_column(String(8))
    model_id: Mapped[str]
    dim: Mapped[int]
    __table_args__ = (
        UniqueConstraint("level", "modality", "model_id"),
        CheckConstraint("dim > 0", name="dim"),
        CheckConstraint("level IN ('frame', 'segment', 'scene', 'shot')", name="level_known"),
        CheckConstraint(
            "modality IN ('visual', 'caption', 'speech', 'text', 'audio')", name="modality_known"
        ),
    )


class Embedding(Base):
    """A vector of one span, as float16 bytes.

    On PostgreSQL the table has one column more, `pg_vector` of pgvector's type, which
    `Store.nearest` searches.
    """

    __tablename__ = "embeddings"
    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = _of_video()
    space_id: Mapped[int] = mapped_column(ForeignKey("embedding_spaces.id"))
    start_s: Mapped[float]
    end_s: Mapped[float]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("video_id", "space_id", "start_s", "end_s"),
        CheckConstraint(SPAN, name="span"),
    )


class VideoMetrics(Base):
    """A measured figure of one ingest, such as `decode_s`; the name carries the unit."""

    __tablename__ = "video_metrics"
    video_id: Mapped[int] = mapped_column(
        ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]
    measured_at: Mapped[datetime] = mapped_column(default=utc_now)
