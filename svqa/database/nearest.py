"""A space of vectors -> a table to search in memory, or the k nearest found where they lie.

Every answer is exact, except on PostgreSQL where a space has an HNSW index (`build_index`, `svqa db
index`) and more than a million rows, or where `approximate=True` asks for it.
`benchmarks/hnsw_recall.json` has what that costs and finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine, func, select, text

from svqa.database.base import SEARCHABLE, Transactions
from svqa.database.hnsw import (
    EF_CONSTRUCTION,
    EF_SEARCH,
    MOST_FOUND,
    M,
    create_index,
    find_index,
    nearest_by_index,
)
from svqa.database.schema import Embedding, EmbeddingSpace, Video
from svqa.database.stored_records import VectorIndex, VectorSpace, VectorTable
from svqa.database.vectors import TableCache, find_space, read_table, searchable
from svqa.errors import UsageError

EXACT_BELOW = 1_000_000  # rows of a space: up to here an index would only lose answers
Found = list[tuple[str, float, float, float]]

_EXACT = """
SELECT v.public_id, e.start_s, e.end_s, -(e.pg_vector <#> CAST(:query AS vector)) AS score
FROM embeddings e JOIN videos v ON v.id = e.video_id
WHERE e.space_id = :space AND v.status IN ('ready', 'partial') {only}
ORDER BY e.pg_vector <#> CAST(:query AS vector), v.id, e.start_s LIMIT :k
"""


class VectorStore(Transactions):
    """The part of the store that finds vectors.

    Those of a video that is being ingested are never found.
    """

    def __init__(self, engine: Engine):
        super().__init__(engine)
        self._tables = TableCache()

    def vectors(
        self, level: str, modality: str, model_id: str, *, videos: Iterable[str] | None = None
    ) -> VectorTable:
        """All vectors of one space, by video and time: `values (N, D) float16`.

        `videos`: public ids, None for all.

        The arrays are kept for the next call and cannot be written to. A space without vectors
        gives N = 0 and D = 0.
        """
        with self.read() as connection:
            space = find_space(connection, level, modality, model_id)
            wanted = searchable(connection, videos)
            if space is None:
                return VectorTable(
                    np.empty(0, "U12"), np.empty((0, 2)), np.empty((0, 0), np.float16)
                )
            key = (space.id, tuple(wanted))
            table = self._tables.get(key)
            if table is None:
                table = read_table(connection, space.id, space.dim, wanted)
                self._tables.put(key, table)
        return table

    def nearest(
        self,
        query: np.ndarray,
        level: str,
        modality: str,
        model_id: str,
        *,
        k: int = 10,
        videos: Iterable[str] | None = None,
        approximate: bool | None = None,
        ef_search: int | None = None,
    ) -> Found:
        """The k vectors with the greatest inner product.

        (video id, start_s, end_s, score), best first.

        On PostgreSQL pgvector searches inside the database; elsewhere the vectors are read and
        multiplied here. A library that is searched often does better to keep `vectors()` and use
        `svqa.retrieval`.

        `approximate`: False is exact, True uses the space's HNSW index, None uses it where it holds
        at least `EXACT_BELOW` rows, all videos are searched and k is at most 1000. `ef_search` (k
        to 1000, default the greater of 400 and 2 k) is how many rows the index is asked for: more
        find more and take longer. Conditions on videos are looked at after the index has answered;
        where they leave too few of its rows, the answer is the exact one. Raises UsageError for
        another dimension, and for `approximate=True` where there is no index.
        """
        query = np.asarray(query, np.float32)
        videos = None if videos is None else list(videos)
        with self.read() as connection:
            space = find_space(connection, level, modality, model_id)
            if space is None:
                return []
            if query.shape != (space.dim,) or not np.isfinite(query).all():
                raise UsageError(
                    f"the query must be ({space.dim},) finite numbers, got {query.shape}."
                )
            index = None if approximate is False else find_index(connection, space.id)
            if approximate and index is None:
                raise UsageError(
                    f"no HNSW index of {level} {modality} vectors by '{model_id}' in {self.url}. "
                    f"Make one on PostgreSQL with: svqa db index --level {level} --modality "
                    f"{modality} --least-rows 0; or search exactly."
                )
            large = index and _is_large(index) and videos is None and k <= MOST_FOUND
            if index and (approximate or large):
                depth = _checked_depth(k, ef_search)
                found = nearest_by_index(
                    connection,
                    space.id,
                    space.dim,
                    query,
                    of=index.of,
                    k=k,
                    ef_search=depth,
                    videos=videos,
                )
                if found is not None:
                    return found
        # A transaction of its own: what made the planner take the index must not make it plan the
        # exact query.
        with self.read() as connection:
            if connection.dialect.name == "postgresql":
                return _nearest_exact(connection, space.id, query, k, videos)
        table = self.vectors(level, modality, model_id, videos=videos)
        scores = table.values.astype(np.float32) @ query
        best = np.argsort(-scores, kind="stable")[:k]
        names, spans = table.video_ids[best].tolist(), table.spans[best].tolist()
        return [
            (name, start_s, end_s, score)
            for name, (start_s, end_s), score in zip(
                names, spans, scores[best].tolist(), strict=True
            )
        ]

    def library_state(self) -> tuple[int, int | None, datetime | None]:
        """-> how many videos can be searched, the last row, when one came last.

        The same as long as none comes or goes.
        """
        query = select(func.count(), func.max(Video.id), func.max(Video.ingested_at))
        with self.read() as connection:
            count, row, time = connection.execute(query.where(Video.status.in_(SEARCHABLE))).one()
        return count, row, time

    def spaces(self) -> list[VectorSpace]:
        """Every space of vectors with its rows, counted, and its index."""
        count = (
            select(Embedding.space_id, func.count().label("rows"))
            .group_by(Embedding.space_id)
            .subquery()
        )
        query = select(EmbeddingSpace, func.coalesce(count.c.rows, 0).label("rows"))
        query = query.outerjoin(count, count.c.space_id == EmbeddingSpace.id).order_by(
            EmbeddingSpace.id
        )
        with self.read() as connection:
            return [
                VectorSpace(
                    r.level, r.modality, r.model_id, r.dim, r.rows, find_index(connection, r.id)
                )
                for r in connection.execute(query).all()
            ]

    def large_index(self, level: str, modality: str, model_id: str) -> VectorIndex | None:
        """The index that `nearest` uses without being asked to; None where it searches exactly.

        Counts nothing.
        """
        with self.read() as connection:
            space = find_space(connection, level, modality, model_id)
            index = None if space is None else find_index(connection, space.id)
        return index if index and _is_large(index) else None

    def build_index(
        self,
        level: str,
        modality: str,
        model_id: str,
        *,
        m: int = M,
        ef_construction: int = EF_CONSTRUCTION,
        workers: int = 0,
        of: str | None = None,
    ) -> bool:
        """Makes the space's HNSW index on PostgreSQL; -> False where the same one is there already.

        `m` neighbours a row, chosen among `ef_construction`: more find more, and take more memory
        and time. `of`: `halfvec`, 16 bits a number as they are stored, or `vector`, 32; without it
        the first where the server's pgvector has it (0.7). While it is built videos can be searched
        and none ingested; a build that is ended leaves nothing. `workers` beside the one connection
        share the graph in the server's /dev/shm, which many containers keep too small. Raises
        UsageError where the space is unknown, on SQLite, and for numbers that pgvector refuses.
        """
        with self.write() as connection:
            space = find_space(connection, level, modality, model_id)
            if space is None:
                raise UsageError(
                    f"no {level} {modality} vectors by '{model_id}' in {self.url}. Run: "
                    "svqa ingest PATH"
                )
            rows = connection.execute(
                select(func.count()).where(Embedding.space_id == space.id)
            ).scalar_one()
            numbers = {"m": m, "ef_construction": ef_construction, "workers": workers}
            return create_index(connection, space.id, space.dim, rows, **numbers, of=of)


def _is_large(index: VectorIndex) -> bool:
    return index.rows >= EXACT_BELOW


def _checked_depth(k: int, ef_search: int | None) -> int:
    depth = min(MOST_FOUND, max(EF_SEARCH, 2 * k)) if ef_search is None else ef_search
    if not 1 <= k <= depth <= MOST_FOUND:
        raise UsageError(
            f"an index gives the k nearest of ef_search rows, 1 <= k <= ef_search <= {MOST_FOUND}: "
            f"got k={k}, ef_search={depth}. For more rows search exactly: approximate=False."
        )
    return depth


def _nearest_exact(
    connection: Connection, space: int, query: np.ndarray, k: int, videos: Sequence[str] | None
) -> Found:
    """Has no cast to `vector(D)`, so that no index can serve it."""
    given = {"query": str(query.tolist()), "space": space, "k": k} | (
        {} if videos is None else {"ids": videos}
    )
    sql = _EXACT.format(only="" if videos is None else "AND v.public_id = ANY(:ids)")
    rows = connection.execute(text(sql), given)
    return [(video, start_s, end_s, score) for video, start_s, end_s, score in rows]
