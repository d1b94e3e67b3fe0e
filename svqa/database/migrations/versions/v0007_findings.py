"""What an ingest knew of a video when it wrote a chunk, for the run that goes on after it."""

import sqlalchemy as sa
from alembic import op

from svqa.database.columns import Document

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What an ingest knew of a video when it wrote a chunk, for the run that goes on after it."""
    op.add_column("ingest_chunks", sa.Column("findings", Document(), nullable=True))


def downgrade() -> None:
    """Back to the revision before; what is resumed there has forgotten what was found."""
    op.drop_column("ingest_chunks", "findings")
