"""Model versions, their aliases, and comparisons."""

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import CheckedText, UtcTime

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Model versions, their aliases, and comparisons."""
    op.create_table(
        "model_comparisons",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("model_type", CheckedText(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("metric", CheckedText(), nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("verdict", CheckedText(), nullable=False),
        sa.Column("passport", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_model_comparisons_n")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_comparisons")),
    )
    with op.batch_alter_table("model_comparisons", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_model_comparisons_model_type_created_at"),
            ["model_type", "created_at"],
            unique=False,
        )

    op.create_table(
        "model_versions",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", CheckedText(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("parent", WHOLE, nullable=True),
        sa.Column("base_id", CheckedText(), nullable=False),
        sa.Column("base_revision", CheckedText(), nullable=False),
        sa.Column("base_sha256", CheckedText(), nullable=False),
        sa.Column("adapter_path", CheckedText(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data_sha256", CheckedText(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("seed", WHOLE, nullable=False),
        sa.Column("commit", CheckedText(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("packages", sa.JSON(), nullable=False),
        sa.Column("hardware", CheckedText(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("peak_memory_bytes", WHOLE, nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_model_versions_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_model_versions_name_number")),
    )
    op.create_table(
        "model_aliases",
        sa.Column("name", CheckedText(), nullable=False),
        sa.Column("alias", CheckedText(), nullable=False),
        sa.Column("version_id", WHOLE, nullable=False),
        sa.Column("set_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["model_versions.id"],
            name=op.f("fk_model_aliases_version_id_model_versions"),
        ),
        sa.PrimaryKeyConstraint("name", "alias", name=op.f("pk_model_aliases")),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("model_aliases")
    op.drop_table("model_versions")
    with op.batch_alter_table("model_comparisons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_comparisons_model_type_created_at"))

    op.drop_table("model_comparisons")
