"""Text in the picture: its lines, and a kind of vectors for them."""

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import CheckedText

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KNOWN = "ck_embedding_spaces_modality_known"
BEFORE = "modality IN ('visual', 'caption', 'speech', 'audio')"
NOW = "modality IN ('visual', 'caption', 'speech', 'text', 'audio')"

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Text in the picture: its lines, and a kind of vectors for them."""
    op.create_table(
        "text_boxes",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("video_id", WHOLE, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", CheckedText(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("left_px", sa.Double(), nullable=False),
        sa.Column("top_px", sa.Double(), nullable=False),
        sa.Column("right_px", sa.Double(), nullable=False),
        sa.Column("bottom_px", sa.Double(), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name=op.f("ck_text_boxes_span")),
        sa.CheckConstraint(
            "right_px > left_px AND bottom_px > top_px", name=op.f("ck_text_boxes_box")
        ),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_text_boxes_score")),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["videos.id"],
            name=op.f("fk_text_boxes_video_id_videos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_boxes")),
    )
    with op.batch_alter_table("text_boxes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_text_boxes_video_id_start_s"), ["video_id", "start_s"], unique=False
        )
    _allow(NOW, instead_of=BEFORE)


def downgrade() -> None:
    """Back to the revision before; vectors of text go, since nothing there may hold them."""
    of_text = "SELECT id FROM embedding_spaces WHERE modality = 'text'"
    op.execute(f"DELETE FROM embeddings WHERE space_id IN ({of_text})")
    op.execute("DELETE FROM embedding_spaces WHERE modality = 'text'")
    _allow(BEFORE, instead_of=NOW)
    with op.batch_alter_table("text_boxes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_text_boxes_video_id_start_s"))

    op.drop_table("text_boxes")


def _allow(modalities: str, *, instead_of: str) -> None:
    with op.batch_alter_table("embedding_spaces", copy_from=_spaces(instead_of)) as batch_op:
        batch_op.drop_constraint(batch_op.f(KNOWN), type_="check")
        batch_op.create_check_constraint(batch_op.f(KNOWN), modalities)


def _spaces(modalities: str) -> sa.Table:
    """The table as it is: SQLite alters it by copying, and must know all that there is to copy."""
    return sa.Table(
        "embedding_spaces",
        sa.MetaData(),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("modality", sa.String(length=8), nullable=False),
        sa.Column("model_id", CheckedText(), nullable=False),
        sa.Column("dim", WHOLE, nullable=False),
        sa.CheckConstraint(
            "level IN ('frame', 'segment', 'scene', 'shot')",
            name=op.f("ck_embedding_spaces_level_known"),
        ),
        sa.CheckConstraint(modalities, name=op.f(KNOWN)),
        sa.CheckConstraint("dim > 0", name=op.f("ck_embedding_spaces_dim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_spaces")),
        sa.UniqueConstraint(
            "level",
            "modality",
            "model_id",
            name=op.f("uq_embedding_spaces_level_modality_model_id"),
        ),
    )
