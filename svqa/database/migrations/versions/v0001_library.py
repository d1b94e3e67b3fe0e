"""Videos, what was seen and heard in them, and what was asked."""

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import CheckedText, UtcTime

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    """Videos, what was seen and heard in them, and what was asked."""
    op.create_table(
        "embedding_spaces",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("modality", sa.String(length=8), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.Column("dim", WHOLE, nullable=False),
        sa.CheckConstraint(
            "level IN ('frame', 'segment', 'scene', 'shot')",
            name=op.f("ck_embedding_spaces_level_known"),
        ),
        sa.CheckConstraint(
            "modality IN ('visual', 'caption', 'speech', 'audio')",
            name=op.f("ck_embedding_spaces_modality_known"),
        ),
        sa.CheckConstraint("dim > 0", name=op.f("ck_embedding_spaces_dim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_spaces")),
        sa.UniqueConstraint(
            "level",
            "modality",
            "model_id",
            name=op.f("uq_embedding_spaces_level_modality_model_id"),
        ),
    )
    op.create_table(
        "queries",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("question", CheckedText(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("answer", CheckedText(), nullable=False),
        sa.Column("option", WHOLE, nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("reason", CheckedText(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('ask', 'search')", name=op.f("ck_queries_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queries")),
    )
    with op.batch_alter_table("queries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queries_created_at"), ["created_at"], unique=False)

    op.create_table(
        "videos",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("path", CheckedText(), nullable=False),
        sa.Column("size_bytes", WHOLE, nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("width_px", WHOLE, nullable=False),
        sa.Column("height_px", WHOLE, nullable=False),
        sa.Column("rate_hz", sa.Double(), nullable=False),
        sa.Column("rotation_deg", WHOLE, nullable=False),
        sa.Column("codec", CheckedText(), nullable=False),
        sa.Column("container", CheckedText(), nullable=False),
        sa.Column("has_audio", sa.Boolean(), nullable=False),
        sa.Column("frame_count", WHOLE, nullable=True),
        sa.Column("variable_rate", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("note", CheckedText(), nullable=False),
        sa.Column("committed_s", sa.Double(), nullable=False),
        sa.Column("frames", WHOLE, nullable=False),
        sa.Column("segments", WHOLE, nullable=False),
        sa.Column("owner", CheckedText(), nullable=True),
        sa.Column("lease_until", UtcTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("ingested_at", UtcTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('ingesting', 'ready', 'partial', 'failed')",
            name=op.f("ck_videos_status_known"),
        ),
        sa.CheckConstraint(
            "duration_s >= 0 AND committed_s >= 0", name=op.f("ck_videos_seconds_positive")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_videos_sha256_length")),
        sa.CheckConstraint("width_px > 0 AND height_px > 0", name=op.f("ck_videos_size_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
        sa.UniqueConstraint("public_id", name=op.f("uq_videos_public_id")),
        sa.UniqueConstraint("sha256", "settings_hash", name=op.f("uq_videos_sha256_settings_hash")),
    )
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_videos_path"), ["path"], unique=False)

    op.create_table(
        "captions",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", CheckedText(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_captions_span")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_captions_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captions")),
    )
    with op.batch_alter_table("captions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_captions_video_id_start_s"), ["video_id", "start_s"], unique=False
        )

    op.create_table(
        "detections",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("t_s", sa.Double(), nullable=False),
        sa.Column("label", CheckedText(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("left_px", sa.Double(), nullable=False),
        sa.Column("top_px", sa.Double(), nullable=False),
        sa.Column("right_px", sa.Double(), nullable=False),
        sa.Column("bottom_px", sa.Double(), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.Column("track_id", WHOLE, nullable=True),
        sa.CheckConstraint(
            "right_px > left_px AND bottom_px > top_px", name=op.f("ck_detections_box")
        ),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_detections_score")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_detections_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detections")),
    )
    with op.batch_alter_table("detections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_detections_video_id_t_s"), ["video_id", "t_s"], unique=False
        )

    op.create_table(
        "embeddings",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("space_id", WHOLE, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_embeddings_span")),
        sa.ForeignKeyConstraint(
            ["space_id"],
            ["embedding_spaces.id"],
            name=op.f("fk_embeddings_space_id_embedding_spaces"),
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_embeddings_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embeddings")),
        sa.UniqueConstraint(
            "video_id",
            "space_id",
            "start_s",
            "end_s",
            name=op.f("uq_embeddings_video_id_space_id_start_s_end_s"),
        ),
    )
    op.create_table(
        "frames",
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("t_s", sa.Double(), nullable=False),
        sa.CheckConstraint("t_s >= 0", name=op.f("ck_frames_time")),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_frames_video_id_videos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "t_s", name=op.f("pk_frames")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ingest_chunks",
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("committed_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_ingest_chunks_span")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_ingest_chunks_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("video_id", "part", "start_s", name=op.f("pk_ingest_chunks")),
    )
    op.create_table(
        "query_evidence",
        sa.Column("query_id", WHOLE, nullable=False),
        sa.Column("rank", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=True),
        sa.Column("video", CheckedText(), nullable=False),
        sa.Column("path", CheckedText(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", CheckedText(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "start_s >= 0 AND end_s >= start_s", name=op.f("ck_query_evidence_span")
        ),
        sa.ForeignKeyConstraint(
            ["query_id"],
            ["queries.id"],
            name=op.f("fk_query_evidence_query_id_queries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_query_evidence_video_id_videos"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("query_id", "rank", name=op.f("pk_query_evidence")),
    )
    with op.batch_alter_table("query_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_query_evidence_video_id"), ["video_id"], unique=False)

    op.create_table(
        "query_videos",
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("query_id", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["query_id"],
            ["queries.id"],
            name=op.f("fk_query_videos_query_id_queries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_query_videos_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("video_id", "query_id", name=op.f("pk_query_videos")),
    )
    with op.batch_alter_table("query_videos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_query_videos_query_id"), ["query_id"], unique=False)

    op.create_table(
        "segments",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "level IN ('frame', 'segment', 'scene', 'shot')", name=op.f("ck_segments_level_known")
        ),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_segments_span")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_segments_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint(
            "video_id", "level", "start_s", name=op.f("uq_segments_video_id_level_start_s")
        ),
    )
    op.create_table(
        "utterances",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", CheckedText(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_utterances_span")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_utterances_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_utterances")),
    )
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_utterances_video_id_start_s"), ["video_id", "start_s"], unique=False
        )

    op.create_table(
        "video_metrics",
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("name", CheckedText(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("measured_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_video_metrics_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("video_id", "name", name=op.f("pk_video_metrics")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
        op.execute("ALTER TABLE embeddings ADD COLUMN pg_vector vector NOT NULL")


def downgrade():
    """Back to the revision before."""
    op.drop_table("video_metrics")
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_utterances_video_id_start_s"))

    op.drop_table("utterances")
    op.drop_table("segments")
    with op.batch_alter_table("query_videos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_query_videos_query_id"))

    op.drop_table("query_videos")
    with op.batch_alter_table("query_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_query_evidence_video_id"))

    op.drop_table("query_evidence")
    op.drop_table("ingest_chunks")
    op.drop_table("frames")
    op.drop_table("embeddings")
    with op.batch_alter_table("detections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_detections_video_id_t_s"))

    op.drop_table("detections")
    with op.batch_alter_table("captions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_captions_video_id_start_s"))

    op.drop_table("captions")
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_videos_path"))

    op.drop_table("videos")
    with op.batch_alter_table("queries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_queries_created_at"))

    op.drop_table("queries")
    op.drop_table("embedding_spaces")
