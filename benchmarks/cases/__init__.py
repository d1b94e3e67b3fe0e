"""What `svqa bench` measures: one module a station, each a context that makes its files, yields its
cases and cleans up.
"""

from __future__ import annotations

from benchmarks.cases import answers, index, ingest, media, retrieval, start, store, timer, train

SUITES = {
    ("P1", "P2", "P3"): media.suite,
    ("P9", "P9b"): answers.suite,
    ("P10", "P11", "P16"): retrieval.suite,
    ("P10.hnsw",): index.suite,
    ("P12",): store.suite,
    ("P14", "P15"): ingest.suite,
    ("P17", "P17b"): train.suite,
    ("P20",): start.suite,
    ("P22",): timer.suite,
}
