"""A database -> all its rows, but for what passes: row numbers, owners, times of day."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, TypeAlias

from sqlalchemy import text

from svqa.database import Store

# one ingest differs from the next in these, and in nothing else
_PASSING = {"id", "owner", "lease_until", "created_at", "ingested_at", "committed_at", "path"}
_TABLES = (
    "videos",
    "ingest_chunks",
    "frames",
    "segments",
    "captions",
    "utterances",
    "detections",
    "text_boxes",
    "embeddings",
)


Rows: TypeAlias = dict[str, Counter[tuple[Any, ...]]]


def all_rows(store: Store) -> Rows:
    """-> {table: its rows}, each value as it is stored, vectors byte for byte.

    A row of a film names it by its public id: which film came first does not matter.
    """
    found = {}
    with store.read() as connection:
        films = dict(connection.execute(text("SELECT id, public_id FROM videos")).all())
        spaces = {
            row.id: (row.level, row.modality, row.model_id, row.dim)
            for row in connection.execute(text("SELECT * FROM embedding_spaces"))
        }
        for table in _TABLES:
            rows = connection.execute(text(f"SELECT * FROM {table}")).mappings()
            found[table] = Counter(
                tuple(
                    (name, _named(name, value, films, spaces))
                    for name, value in row.items()
                    if name not in _PASSING
                )
                for row in rows
            )
        figures = text("SELECT name, value FROM video_metrics WHERE name = 'frames_skipped'")
        found["metrics"] = Counter(map(tuple, connection.execute(figures)))
    return found


def _named(name: str, value: Any, films: dict[int, str], spaces: dict[int, tuple]) -> Any:
    """-> what a row number stands for, and every other value as it is."""
    if name == "space_id":
        return spaces[value]
    if isinstance(value, dict | list):  # PostgreSQL's JSON; SQLite's is text
        return json.dumps(value, sort_keys=True)
    return films[value] if name == "video_id" else value
