"""Records <-> rows, in SQLite or PostgreSQL."""

from __future__ import annotations

__all__ = [
    "Claim",
    "Health",
    "LibraryStats",
    "Store",
    "StoredChunk",
    "StoredComparison",
    "StoredQuery",
    "StoredVersion",
    "StoredVideo",
    "VectorIndex",
    "VectorSpace",
    "VectorTable",
    "init_db",
    "newest_per_file",
    "open_store",
]
_HOMES = {
    "init_db": "migrate",
    "Store": "store",
    "open_store": "store",
    "newest_per_file": "library",
}


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'stored_records')}"), name)
