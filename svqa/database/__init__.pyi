from .migrate import (
    init_db as init_db,
)
from .store import (
    Store as Store,
    open_store as open_store,
)
from .library import (
    newest_per_file as newest_per_file,
)
from .nearest import (
    EXACT_BELOW as EXACT_BELOW,
)
from .stored_records import (
    Claim as Claim,
    Health as Health,
    LibraryStats as LibraryStats,
    Outcome as Outcome,
    StoredChunk as StoredChunk,
    StoredComparison as StoredComparison,
    StoredQuery as StoredQuery,
    StoredVersion as StoredVersion,
    StoredVideo as StoredVideo,
    VectorIndex as VectorIndex,
    VectorSpace as VectorSpace,
    VectorTable as VectorTable,
)

__all__ = [
    "Claim",
    "EXACT_BELOW",
    "Health",
    "LibraryStats",
    "Outcome",
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
