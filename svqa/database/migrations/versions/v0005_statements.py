"""What a caption states, each with its probability."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BATCH = 1000
# captions told how sure they are in words alone: the least probability of each
HEDGES = {"probably": 0.2, "perhaps": 0.1}
CAPTIONS = sa.table("captions", *map(sa.column, ("id", "text", "score", "model_id")))
UPDATE = "UPDATE captions SET statements = CAST(:statements AS {}) WHERE id = :id"


def upgrade() -> None:
    """What a caption states, each with its probability; that of older ones as their words say."""
    op.add_column("captions", sa.Column("statements", sa.JSON(), nullable=True))
    connection, last = op.get_bind(), 0
    is_postgres = connection.dialect.name == "postgresql"
    update = sa.text(UPDATE.format("JSON" if is_postgres else "TEXT"))
    while True:
        query = sa.select(CAPTIONS.c.id, CAPTIONS.c.text, CAPTIONS.c.score)
        query = query.where(CAPTIONS.c.id > last, CAPTIONS.c.model_id.like("tags-%"))
        rows = connection.execute(query.order_by(CAPTIONS.c.id).limit(BATCH)).all()
        if not rows:
            return
        told = [(r.id, json.dumps(statements_of(r.text, r.score))) for r in rows]
        connection.execute(update, [{"id": id, "statements": text} for id, text in told])
        last = rows[-1].id


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table("captions") as batch_op:
        batch_op.drop_column("statements")


def statements_of(text: str, score: float) -> list[tuple[str, float]]:
    """A caption of a classifier's -> what it states; its score is that of the first.

    >>> statements_of("We see an airliner, perhaps a warplane or a wing.", 0.7)
    [('We see an airliner.', 0.7), ('We may see a warplane or a wing.', 0.1)]
    >>> statements_of("Nothing recognised with confidence; closest: hay.", 0.05)
    []
    """
    if not text.startswith("We "):
        return []
    first, *rest = re.split(r", (?=probably |perhaps )", text.rstrip("."))
    told = [(f"{first}.", score)]
    for part in rest:
        word, _, what = part.partition(" ")
        is_place = re.match(r"(?:in|on|at|by) ", what)
        verb = {"perhaps": "may be" if is_place else "may see", "probably": "probably see"}[word]
        told.append((f"We {verb} {what}.", HEDGES[word]))
    return told
