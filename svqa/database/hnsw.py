"""Vectors of one space on PostgreSQL -> an HNSW index, and the k nearest found through it.

The index is pgvector's.

Malkov and Yashunin 2018 (arXiv:1603.09320). The column holds vectors of every dimension, so the
index is made of the expression `pg_vector::halfvec(D)` for the rows of one space, and of
`pg_vector::vector(D)` where pgvector is older than 0.7. Vectors are stored as float16, so that the
first loses nothing of them and takes half the room; what it finds is scored by the whole numbers of
the query. Only a query written with the same cast can use it: the exact query has none, and
therefore stays exact whatever the planner thinks.

pgvector gives back at most `ef_search` rows, and every other condition (is the video searchable? is
it one of those that are asked?) is looked at afterwards. So all `ef_search` rows are taken, and
where too many of them fall away the index has no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, text

from svqa.database.base import SEARCHABLE
from svqa.database.stored_records import VectorIndex
from svqa.errors import UsageError, unknown_name

M, EF_CONSTRUCTION = 16, 64  # pgvector's own defaults
# with 200, a tenth of the best 100 of a million were missed (benchmarks/hnsw_recall.json)
EF_SEARCH = 400
MOST_FOUND = 1000  # pgvector's limit of ef_search
MOST_DIM = {"halfvec": 4000, "vector": 2000}  # and of an indexed vector's dimension
_BYTES = {"halfvec": 2, "vector": 4}  # a number
_LEAST_MEMORY, MOST_MEMORY = 64 << 20, 4 << 30  # of a build
_BUILD_LOCK = 0x73767162  # beside the lock of a migration: one build at a time
_PREFIX = "hnsw_embeddings"

_NEAREST = """
WITH near AS MATERIALIZED (
    SELECT e.video_id, e.start_s, e.end_s,
        e.pg_vector <#> CAST(:query AS vector) AS distance
    FROM embeddings e WHERE e.space_id = {space}
    ORDER BY e.pg_vector::{of}({dim}) <#> CAST(:towards AS {of}({dim})) LIMIT {ef_search}
)
SELECT v.public_id, n.start_s, n.end_s, -n.distance AS score, n.place
FROM (SELECT near.*, row_number() OVER (ORDER BY distance) AS place FROM near) n
JOIN videos v ON v.id = n.video_id
WHERE v.status IN ({searchable}) {only}
ORDER BY n.distance, v.id, n.start_s LIMIT :k
"""


def find_index(connection: Connection, space: int) -> VectorIndex | None:
    """The space's index; None where there is none, as always on SQLite.

    Its rows are counted by ANALYZE and builds.
    """
    if connection.dialect.name != "postgresql":
        return None
    query = text(
        "SELECT c.relname, c.reltuples FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE i.indrelid = to_regclass('embeddings') AND i.indisvalid AND "
        "starts_with(c.relname, :prefix)"
    )
    row = connection.execute(query, {"prefix": f"{_PREFIX}_{space}_"}).first()
    if row is None:
        return None
    built = row.relname.removeprefix(f"{_PREFIX}_{space}_")
    m, ef_construction = map(int, re.findall(r"\d+", built))
    of = "halfvec" if built.startswith("halfvec_") else "vector"
    return VectorIndex(row.relname, max(0, int(row.reltuples)), m, ef_construction, of)


def has_halfvec(connection: Connection) -> bool:
    """Whether this database's pgvector knows vectors of 16 bits a number."""
    return connection.execute(text("SELECT to_regtype('halfvec') IS NOT NULL")).scalar_one()


def create_index(
    connection: Connection,
    space: int,
    dim: int,
    rows: int,
    *,
    m: int,
    ef_construction: int,
    workers: int,
    of: str | None = None,
) -> bool:
    """Builds the space's index inside the caller's transaction.

    -> False where the same one is there already.

    `of`: `halfvec` or `vector`; without it the first where the server has it. One built otherwise
    is replaced, and serves until the new one is whole. Raises UsageError on SQLite, for an `of`
    that is none or that the server lacks, and on what pgvector refuses.
    """
    if connection.dialect.name != "postgresql":
        raise UsageError(
            "SQLite has no HNSW index and needs none: its search is exact, and right below a "
            "million rows. A larger library belongs into PostgreSQL with pgvector."
        )
    if not (2 <= m <= 100 and 2 * m <= ef_construction <= 1000 and workers >= 0):
        raise UsageError(
            f"an index needs m from 2 to 100, ef_construction from 2 m to 1000 and workers from 0, "
            f"got m={m}, ef_construction={ef_construction}, workers={workers}."
        )
    if of not in (None, *MOST_DIM):
        raise UsageError(unknown_name("kind of index", str(of), list(MOST_DIM)))
    halves = has_halfvec(connection)
    if of == "halfvec" and not halves:
        raise UsageError(
            "This server's pgvector is older than 0.7 and has no halfvec. Ask for vector."
        )
    of = of or ("halfvec" if halves else "vector")
    if dim > MOST_DIM[of]:
        raise UsageError(
            f"pgvector indexes a {of} of up to {MOST_DIM[of]} numbers here, these have {dim}. "
            "Search them exactly."
        )
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BUILD_LOCK})
    before = find_index(connection, space)
    wanted = (m, ef_construction, of)
    if before is not None and (before.m, before.ef_construction, before.of) == wanted:
        return False
    # vector, neighbours and their bookkeeping, by pgvector's structures
    graph = rows * (_BYTES[of] * dim + 48 * m + 512)
    memory_kb = min(max(graph, _LEAST_MEMORY), MOST_MEMORY) >> 10
    half = "halfvec_" if of == "halfvec" else ""  # find_index reads what it is from its name
    connection.execute(text(f"SET LOCAL maintenance_work_mem = {memory_kb}"))
    connection.execute(text(f"SET LOCAL max_parallel_maintenance_workers = {int(workers)}"))
    connection.execute(
        text(
            f"CREATE INDEX {_PREFIX}_{space}_{half}m{m}_ef{ef_construction} ON embeddings "
            f"USING hnsw ((pg_vector::{of}({dim})) {of}_ip_ops) "
            f"WITH (m = {m}, ef_construction = {ef_construction}) WHERE space_id = {space}"
        )
    )
    if before is not None:
        connection.execute(text(f"DROP INDEX {before.name}"))
    return True


def nearest_by_index(
    connection: Connection,
    space: int,
    dim: int,
    query: np.ndarray,
    *,
    of: str,
    k: int,
    ef_search: int,
    videos: Sequence[str] | None,
) -> list[tuple[str, float, float, float]] | None:
    """The k nearest rows (video id, start_s, end_s, score), best first.

    They are the best of the `ef_search` that the index gives.

    None where rows of videos that are not searched pushed the k-th beyond the nearer half of them:
    there a graph search has missed many. The settings hold until the transaction ends.
    """
    connection.execute(text(f"SET LOCAL hnsw.ef_search = {ef_search}"))
    # The index is what was asked for, and with it no sort is needed. These make the planner's costs
    # huge, which would have it compile a query of some milliseconds.
    for name in ("enable_seqscan", "enable_sort", "jit"):
        connection.execute(text(f"SET LOCAL {name} = off"))
    only = "" if videos is None else "AND v.public_id = ANY(:ids)"
    # The index holds one space, so the space must be a constant: the plan for a parameter could not
    # use it.
    sql = _NEAREST.format(
        dim=dim,
        of=of,
        space=space,
        ef_search=ef_search,
        only=only,
        searchable=", ".join(f"'{s}'" for s in SEARCHABLE),
    )
    # 16 bits hold no number above 65504: the direction of the query has none above 1
    towards = query / (float(np.linalg.norm(query)) or 1.0)
    given = {"query": str(query.tolist()), "towards": str(towards.tolist()), "k": k} | (
        {} if videos is None else {"ids": list(videos)}
    )
    rows = connection.execute(text(sql), given).all()
    if len(rows) < k or (rows[-1].place > k and rows[-1].place > ef_search // 2):
        return None
    return [tuple(row[:4]) for row in rows]
