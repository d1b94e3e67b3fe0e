"""Stored vectors -> one table of a space, read once and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from cachetools import LRUCache
from sqlalchemy import Connection, Row, select

from svqa.database.base import SEARCHABLE
from svqa.database.schema import Embedding, EmbeddingSpace, Video
from svqa.database.stored_records import VectorTable

CACHE_BYTES = 512 << 20
BATCH = 500  # videos named in one statement; databases have their limits


class TableCache:
    """The last tables read, within a budget of bytes.

    A searchable video never gets or loses a vector, so a table is known by its space and videos and
    never grows stale.
    """

    def __init__(self, budget_bytes: int = CACHE_BYTES):
        self._lock = threading.Lock()
        self._tables: LRUCache[tuple, VectorTable] = LRUCache(
            budget_bytes, getsizeof=lambda table: table.values.nbytes
        )

    def get(self, key: tuple) -> VectorTable | None:
        """The table, now the most recently used; None where it is not kept."""
        with self._lock:
            return self._tables.get(key)

    def put(self, key: tuple, table: VectorTable) -> None:
        """Keeps the table if it is within the budget; the least recently used ones make room."""
        if table.values.nbytes <= self._tables.maxsize:
            with self._lock:
                self._tables[key] = table


def find_space(
    connection: Connection, level: str, modality: str, model_id: str
) -> Row[int, int] | None:
    """The space's `id` and `dim`; None where nothing was ever stored in it."""
    query = select(EmbeddingSpace.id, EmbeddingSpace.dim).where(
        EmbeddingSpace.level == level,
        EmbeddingSpace.modality == modality,
        EmbeddingSpace.model_id == model_id,
    )
    return connection.execute(query).first()


def searchable(connection: Connection, videos: Iterable[str] | None) -> dict[int, str]:
    """Primary key -> public id of those of the videos that may be searched; None means all."""
    query = select(Video.id, Video.public_id).where(Video.status.in_(SEARCHABLE)).order_by(Video.id)
    wanted = None if videos is None else set(videos)
    if wanted is not None and len(wanted) <= BATCH:
        query = query.where(Video.public_id.in_(sorted(wanted)))
    found = dict(connection.execute(query).all())
    return found if wanted is None else {key: name for key, name in found.items() if name in wanted}


def read_table(connection: Connection, space: int, dim: int, videos: dict[int, str]) -> VectorTable:
    """The vectors of these videos, by video and time.

    Sorted here, since a database would carry the vectors along.
    """
    columns = (Embedding.video_id, Embedding.start_s, Embedding.end_s, Embedding.vector)
    query = select(*columns).where(Embedding.space_id == space)
    rows: list[Row] = []
    ids = list(videos)
    for first in range(0, len(ids), BATCH):
        rows += connection.execute(
            query.where(Embedding.video_id.in_(ids[first : first + BATCH]))
        ).all()
    values = np.frombuffer(b"".join([row[3] for row in rows]), np.float16).reshape(len(rows), dim)
    keys = np.array([row[0] for row in rows], np.int64)
    spans = np.array([row[1:3] for row in rows], np.float64).reshape(-1, 2)
    order = np.lexsort((spans[:, 1], spans[:, 0], keys))
    if not np.array_equal(order, np.arange(len(order))):
        values, keys, spans = values[order], keys[order], spans[order]
    names = np.array([videos[key] for key in keys.tolist()], dtype="U12")
    for array in (values, spans, names):
        array.flags.writeable = False  # shared by everyone who asks
    return VectorTable(names, spans, values)
