"""The nearest rows by a table of LanceDB without an index: exact, read from its files."""

from __future__ import annotations

import sys
import tempfile

from benchmarks.peers.scripts.nearest import NEAREST, ROWS, ours, rows_and_queries
from benchmarks.peers.talk import serve

if __name__ == "__main__":
    if sys.argv[1] == "ours":
        serve(ours())
    else:
        import lancedb
        import pyarrow as pa

        rows, queries = rows_and_queries()
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
        table = lancedb.connect(tempfile.mkdtemp()).create_table(
            "rows", pa.table({"row": pa.array(range(len(rows))), "vector": vectors})
        )

        def run() -> list[int]:
            found = []
            for n, query in enumerate(queries):
                nearest = table.search(query).distance_type("dot").select(["row"]).limit(NEAREST)
                found += [i + n * ROWS for i in nearest.to_arrow()["row"].to_pylist()]
            return found

        serve(run)
