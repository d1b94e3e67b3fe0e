"""What `python -m benchmarks` measures: one module a station.

A module has `BENCHMARKS`, which says what it measures and aims at, and `suite(wanted)`, a context
that makes its files, yields its cases and cleans up.
"""

from __future__ import annotations

from benchmarks.cases import (
    answers,
    embedding,
    end_to_end,
    index,
    ingest,
    media,
    retrieval,
    start,
    store,
    timer,
    train,
    view,
)

MODULES = (
    media,
    answers,
    retrieval,
    index,
    store,
    ingest,
    embedding,
    end_to_end,
    train,
    start,
    timer,
    view,
)
BENCHMARKS = tuple(benchmark for module in MODULES for benchmark in module.BENCHMARKS)
