"""The nearest rows by faiss's flat index, one query at a time as a search brings them."""

from __future__ import annotations

import sys

from benchmarks.peers.scripts.nearest import DIM, NEAREST, ROWS, ours, rows_and_queries
from benchmarks.peers.talk import serve

if __name__ == "__main__":
    if sys.argv[1] == "ours":
        serve(ours())
    else:
        import faiss

        faiss.omp_set_num_threads(1)
        rows, queries = rows_and_queries()
        index = faiss.IndexFlatIP(DIM)
        index.add(rows)
        serve(
            lambda: [
                int(i) + n * ROWS
                for n, query in enumerate(queries)
                for i in index.search(query[None], NEAREST)[1][0]
            ]
        )
