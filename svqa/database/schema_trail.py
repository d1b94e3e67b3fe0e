"""The tables of the audit trail: what was asked, compared and trained, each row written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from svqa.database.columns import Document, utc_now
from svqa.database.schema import SPAN, Base


class Query(Base):
    """A question that was asked or a search that was made, with its answer: the audit trail."""

    __tablename__ = "queries"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    question: Mapped[str]
    options: Mapped[list[str]]
    answer: Mapped[str]
    option: Mapped[int | None]
    score: Mapped[float | None]
    abstained: Mapped[bool]
    reason: Mapped[str]
    latency_ms: Mapped[float]
    models: Mapped[dict[str, Any]]
    usage: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    __table_args__ = (CheckConstraint("kind IN ('ask', 'search')", name="kind_known"),)


class QueryVideo(Base):
    """The videos a query named; a query of the whole library has none."""

    __tablename__ = "query_videos"
    video_id: Mapped[int] = mapped_column(
        ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True
    )
    query_id: Mapped[int] = mapped_column(
        ForeignKey("queries.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class QueryEvidence(Base):
    """A moment that a query rested on, best first.

    `video` stays readable when the video is deleted.
    """

    __tablename__ = "query_evidence"
    query_id: Mapped[int] = mapped_column(
        ForeignKey("queries.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int | None] = mapped_column(
        ForeignKey("videos.id", ondelete="SET NULL"), index=True
    )
    video: Mapped[str]
    path: Mapped[str]
    start_s: Mapped[float]
    end_s: Mapped[float]
    score: Mapped[float]
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str]
    parts: Mapped[dict[str, Any]]
    __table_args__ = (CheckConstraint(SPAN, name="span"),)


class Correction(Base):
    """What a person said of an answer: right or wrong, and what and when it should have been.

    Who is not asked. A later one of the same question counts; `spans` are seconds of `video`, whose
    id stays readable when the video is deleted.
    """

    __tablename__ = "corrections"
    id: Mapped[int] = mapped_column(primary_key=True)
    query_id: Mapped[int] = mapped_column(ForeignKey("queries.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    answer: Mapped[str]
    video: Mapped[str]
    spans: Mapped[list[Any]] = mapped_column(Document())
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    __table_args__ = (CheckConstraint("verdict IN ('right', 'wrong')", name="verdict_known"),)


class ModelComparison(Base):
    """A comparison of models on the same inputs.

    Its fingerprint (what was measured on what) and its result.
    """

    __tablename__ = "model_comparisons"
    id: Mapped[int] = mapped_column(primary_key=True)
    model_type: Mapped[str]
    models: Mapped[list[str]]
    metric: Mapped[str]
    n: Mapped[int]
    verdict: Mapped[str]
    # the column keeps the name that databases of earlier versions have
    fingerprint: Mapped[dict[str, Any]] = mapped_column("passport", key="fingerprint")
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    __table_args__ = (Index(None, "model_type", "created_at"), CheckConstraint("n >= 0", name="n"))


class ModelVersion(Base):
    """One training run's outcome; never changed once written."""

    __tablename__ = "model_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    number: Mapped[int]
    parent: Mapped[int | None]
    base_id: Mapped[str]
    base_revision: Mapped[str]
    base_sha256: Mapped[str]
    adapter_path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    data_sha256: Mapped[str]
    settings: Mapped[dict[str, Any]]
    seed: Mapped[int]
    commit: Mapped[str]
    dirty: Mapped[bool]
    packages: Mapped[dict[str, Any]]
    hardware: Mapped[str]
    seconds: Mapped[float]
    peak_memory_bytes: Mapped[int]
    figures: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    __table_args__ = (
        UniqueConstraint("name", "number"),
        CheckConstraint("number > 0", name="number"),
    )


class ModelAlias(Base):
    """A movable name (`champion`) for one version of a model."""

    __tablename__ = "model_aliases"
    name: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    set_at: Mapped[datetime] = mapped_column(default=utc_now)
