"""Videos, what was seen and heard in them, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import CheckedText, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL: sa.Double[float] = sa.Double()
TRUTH, JSON, BYTES = sa.Boolean(), sa.JSON(), sa.LargeBinary()
TEXT, TIME = CheckedText(), UtcTime(timezone=True)
WORD, STATE, PUBLIC = sa.String(length=8), sa.String(length=12), sa.String(length=12)
PART, HASH = sa.String(length=40), sa.String(length=64)
SPAN = "start_s >= 0 AND end_s >= start_s"
LEVEL = "level IN ('frame', 'segment', 'scene', 'shot')"
OF_VIDEO = {"video_id": ("videos", "CASCADE")}
SAID = {"start_s": REAL, "end_s": REAL, "text": TEXT, "score": REAL, "model_id": TEXT}
INDEXES = {
    "queries": ("created_at",),
    "videos": ("path",),
    "captions": ("video_id", "start_s"),
    "detections": ("video_id", "t_s"),
    "query_evidence": ("video_id",),
    "query_videos": ("query_id",),
    "utterances": ("video_id", "start_s"),
}


def _create(
    table: str,
    columns: Mapping[str, Any],
    *,
    nullable: Sequence[str] = (),
    key: Sequence[str] = ("id",),
    checks: Mapping[str, str] | None = None,
    references: Mapping[str, tuple[str, str | None]] | None = None,
    unique: Sequence[Sequence[str]] = (),
    **options: Any,
) -> None:
    """A table with the names of constraints and indexes that every table of this schema has."""
    parts: list[Any] = [sa.Column(n, t, nullable=n in nullable) for n, t in columns.items()]
    for name, rule in (checks or {}).items():
        parts.append(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")))
    for column, (other, ondelete) in (references or {}).items():
        name = op.f(f"fk_{table}_{column}_{other}")
        parts.append(sa.ForeignKeyConstraint([column], [f"{other}.id"], name, ondelete=ondelete))
    parts.append(sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")))
    for of in unique:
        parts.append(sa.UniqueConstraint(*of, name=op.f(f"uq_{table}_{'_'.join(of)}")))
    op.create_table(table, *parts, **options)
    if table in INDEXES:
        with op.batch_alter_table(table) as batch:
            batch.create_index(_index_of(table), INDEXES[table])


def _index_of(table: str) -> str:
    return op.f(f"ix_{table}_{'_'.join(INDEXES[table])}")


def upgrade() -> None:
    """Videos, what was seen and heard in them, and what was asked."""
    _create(
        "embedding_spaces",
        {"id": WHOLE, "level": WORD, "modality": WORD, "model_id": TEXT, "dim": WHOLE},
        checks={
            "level_known": LEVEL,
            "modality_known": "modality IN ('visual', 'caption', 'speech', 'audio')",
            "dim": "dim > 0",
        },
        unique=[("level", "modality", "model_id")],
    )
    asked = {"id": WHOLE, "kind": WORD, "question": TEXT, "options": JSON, "answer": TEXT}
    asked |= {"option": WHOLE, "score": REAL, "abstained": TRUTH, "reason": TEXT}
    _create(
        "queries",
        asked | {"latency_ms": REAL, "models": JSON, "created_at": TIME},
        nullable=("option", "score"),
        checks={"kind_known": "kind IN ('ask', 'search')"},
    )
    file = {"id": WHOLE, "public_id": PUBLIC, "sha256": HASH, "settings_hash": HASH}
    file |= {"settings": JSON, "path": TEXT, "size_bytes": WHOLE, "duration_s": REAL}
    file |= {"width_px": WHOLE, "height_px": WHOLE, "rate_hz": REAL, "rotation_deg": WHOLE}
    file |= {"codec": TEXT, "container": TEXT, "has_audio": TRUTH, "frame_count": WHOLE}
    state = {"variable_rate": TRUTH, "status": STATE, "note": TEXT, "committed_s": REAL}
    state |= {"frames": WHOLE, "segments": WHOLE, "owner": TEXT, "lease_until": TIME}
    _create(
        "videos",
        file | state | {"created_at": TIME, "ingested_at": TIME},
        nullable=("frame_count", "owner", "lease_until", "ingested_at"),
        checks={
            "status_known": "status IN ('ingesting', 'ready', 'partial', 'failed')",
            "seconds_positive": "duration_s >= 0 AND committed_s >= 0",
            "sha256_length": "length(sha256) = 64",
            "size_positive": "width_px > 0 AND height_px > 0",
        },
        unique=[("public_id",), ("sha256", "settings_hash")],
    )
    said = {"id": WHOLE, "video_id": WHOLE, **SAID}
    _create("captions", said, checks={"span": SPAN}, references=OF_VIDEO)
    box = {"id": WHOLE, "video_id": WHOLE, "t_s": REAL, "label": TEXT, "score": REAL}
    box |= {"left_px": REAL, "top_px": REAL, "right_px": REAL, "bottom_px": REAL}
    _create(
        "detections",
        box | {"model_id": TEXT, "track_id": WHOLE},
        nullable=("track_id",),
        checks={
            "box": "right_px > left_px AND bottom_px > top_px",
            "score": "score >= 0 AND score <= 1",
        },
        references=OF_VIDEO,
    )
    where = {"id": WHOLE, "video_id": WHOLE, "space_id": WHOLE, "start_s": REAL, "end_s": REAL}
    _create(
        "embeddings",
        where | {"vector": BYTES},
        checks={"span": SPAN},
        references={"space_id": ("embedding_spaces", None), **OF_VIDEO},
        unique=[("video_id", "space_id", "start_s", "end_s")],
    )
    _create(
        "frames",
        {"video_id": WHOLE, "t_s": REAL},
        key=("video_id", "t_s"),
        checks={"time": "t_s >= 0"},
        references=OF_VIDEO,
        sqlite_with_rowid=False,
    )
    _create(
        "ingest_chunks",
        {"video_id": WHOLE, "part": PART, "start_s": REAL, "end_s": REAL, "committed_at": TIME},
        key=("video_id", "part", "start_s"),
        checks={"span": SPAN},
        references=OF_VIDEO,
    )
    found = {"query_id": WHOLE, "rank": WHOLE, "video_id": WHOLE, "video": TEXT, "path": TEXT}
    found |= {"start_s": REAL, "end_s": REAL, "score": REAL, "kind": WORD, "text": TEXT}
    _create(
        "query_evidence",
        found | {"parts": JSON},
        nullable=("video_id",),
        key=("query_id", "rank"),
        checks={"span": SPAN},
        references={"query_id": ("queries", "CASCADE"), "video_id": ("videos", "SET NULL")},
    )
    _create(
        "query_videos",
        {"video_id": WHOLE, "query_id": WHOLE},
        key=("video_id", "query_id"),
        references={"query_id": ("queries", "CASCADE"), **OF_VIDEO},
    )
    _create(
        "segments",
        {"id": WHOLE, "video_id": WHOLE, "level": WORD, "start_s": REAL, "end_s": REAL},
        checks={"level_known": LEVEL, "span": SPAN},
        references=OF_VIDEO,
        unique=[("video_id", "level", "start_s")],
    )
    _create("utterances", said, checks={"span": SPAN}, references=OF_VIDEO)
    _create(
        "video_metrics",
        {"video_id": WHOLE, "name": TEXT, "value": REAL, "measured_at": TIME},
        key=("video_id", "name"),
        references=OF_VIDEO,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
        op.execute("ALTER TABLE embeddings ADD COLUMN pg_vector vector NOT NULL")


def downgrade() -> None:
    """Back to the empty database."""
    made = "video_metrics utterances segments query_videos query_evidence ingest_chunks frames"
    for table in f"{made} embeddings detections captions videos queries embedding_spaces".split():
        if table in INDEXES:
            with op.batch_alter_table(table) as batch:
                batch.drop_index(_index_of(table))
        op.drop_table(table)
