"""Alembic's environment: runs the migrations on a connection handed over.

`svqa.database.migrate` hands it over.
"""

from alembic import context

from svqa.database import schema_trail  # noqa: F401  (declares its tables)
from svqa.database.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
