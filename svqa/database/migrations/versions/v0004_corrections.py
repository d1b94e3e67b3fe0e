"""Corrections: what a person said of an answer."""

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import CheckedText, UtcTime

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Corrections: what a person said of an answer."""
    op.create_table(
        "corrections",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("query_id", WHOLE, nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("answer", CheckedText(), nullable=False),
        sa.Column("video", CheckedText(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('right', 'wrong')", name=op.f("ck_corrections_verdict_known")
        ),
        sa.ForeignKeyConstraint(
            ["query_id"],
            ["queries.id"],
            name=op.f("fk_corrections_query_id_queries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrections_query_id"), ["query_id"], unique=False)


def downgrade() -> None:
    """Back to the revision before; what people said goes with its table."""
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrections_query_id"))
    op.drop_table("corrections")
