"""What a chat model read and wrote for an answer, kept with the question."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a chat model read and wrote for an answer, kept with the question."""
    op.add_column("queries", sa.Column("usage", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Back to the revision before; the counts go."""
    with op.batch_alter_table("queries") as batch_op:
        batch_op.drop_column("usage")
