"""An HNSW index of 16 bits a number (`halfvec`) beside one of 32 (`vector`), and exact search.

    python -m benchmarks.hnsw_halfvec --rows 100000 --rows 300000 --rows 1000000

Vectors, queries and recall are those of `benchmarks.hnsw_recall`. For each number of rows a new
PostgreSQL is filled, and both indexes are built one after the other over the same rows. A number of
rows is written once it is done; the same command goes on with the next. From the two largest
numbers the size of ten million and the core seconds of their build are drawn out along a straight
line: by rows for the size, by rows times their logarithm for the seconds, which is what a graph
costs that is searched for each row that is added.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from sqlalchemy import text

from benchmarks.hnsw_recall import (
    DIM,
    build,
    exact_answers,
    filled_library,
    recalls,
    times,
    versions,
)
from svqa.database import Store
from svqa.database.hnsw import EF_CONSTRUCTION, M
from svqa.profiling.provenance import this_machine

OUT = Path(__file__).with_suffix(".json")
KINDS = ("vector", "halfvec")
FAR = 10_000_000


def measured(store: Store, queries: np.ndarray, fill_s: float) -> dict[str, Any]:
    """-> what both indexes of a filled library take and find."""
    exact = exact_answers(store, queries)
    kinds = {}
    for of in KINDS:
        with _Watched(store) as watched:
            built = build(store, of=of)
        kinds[of] = {
            **{name: round(value, 1) for name, value in built.items()},
            "build_cpu_s": round(watched.cpu_s, 1),
            "build_memory_mb": round(watched.most_bytes / 1e6, 1),
            "recall": recalls(store, queries, exact=exact),
            "query_ms_k10": times(store, queries),
        }
    (space,) = store.spaces()
    return {"rows": space.rows, "fill_s": round(fill_s, 1), **kinds}


def drawn_out(sizes: Sequence[dict[str, Any]], rows: int = FAR) -> dict[str, dict[str, float]]:
    """-> by kind: megabytes and core seconds of an index of so many rows."""
    near, far = sorted(sizes, key=lambda size: size["rows"])[-2:]

    def line(kind: str, name: str, scale: Any) -> float:
        x, y = (scale(size["rows"]) for size in (near, far))
        slope = (far[kind][name] - near[kind][name]) / (y - x)
        return far[kind][name] + slope * (scale(rows) - y)

    return {
        kind: {
            "index_mb": round(line(kind, "index_mb", float)),
            "build_cpu_s": round(line(kind, "build_cpu_s", lambda n: n * math.log(n))),
        }
        for kind in KINDS
    }


class _Watched:
    """What the process takes that builds an index, looked at twice a second.

    Its core seconds say what a build costs where others want the cores, too.
    """

    def __init__(self, store: Store):
        self.store, self.most_bytes, self.cpu_s = store, 0, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        sql = text("SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'")
        first_s: float | None = None
        while not self._done.wait(0.5):
            with self.store.read() as connection:
                pid = connection.execute(sql).scalar()
            if pid is None:
                continue
            builder = psutil.Process(pid)
            spent = builder.cpu_times()
            now_s = spent.user + spent.system
            first_s = now_s if first_s is None else first_s
            self.cpu_s = now_s - first_s
            self.most_bytes = max(self.most_bytes, builder.memory_info().rss)


def hnsw_halfvec(
    rows: Annotated[list[int], typer.Option(min=1000, help="Vectors in a library.")],
    out: Annotated[Path, typer.Option(help="Write JSON here; sizes that it has stay.")] = OUT,
) -> None:
    """Fill, build both, measure, write; one number of rows after the other."""
    found: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.exists() else {"sizes": []}
    for count in rows:
        if any(size["rows"] == count for size in found["sizes"]):
            continue
        with filled_library(count) as library:
            size = measured(*library)
            used = versions(library[0])
        sizes = sorted([*found["sizes"], size], key=lambda one: one["rows"])
        counts = " ".join(f"--rows {one['rows']}" for one in sizes)
        found = {
            "command": f"python -m benchmarks.hnsw_halfvec {counts}",
            "dim": DIM,
            "m": M,
            "ef_construction": EF_CONSTRUCTION,
            "versions": used,
            "hardware": this_machine(),
            "sizes": sizes,
        }
        if len(sizes) > 1:
            found["drawn_out"] = {"rows": FAR, **drawn_out(sizes)}
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(hnsw_halfvec)
