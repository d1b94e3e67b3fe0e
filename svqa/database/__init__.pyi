from .hnsw import (
    MOST_MEMORY as MOST_MEMORY,
)
from .lease_owner import (
    this_process as this_process,
)
from .library import (
    newest_per_file as newest_per_file,
)
from .migrate import (
    init_db as init_db,
)
from .nearest import (
    EXACT_BELOW as EXACT_BELOW,
)
from .store import (
    Store as Store,
    open_store as open_store,
)
from .stored_records import (
    BoxColumns as BoxColumns,
    Claim as Claim,
    Health as Health,
    LibraryStats as LibraryStats,
    Outcome as Outcome,
    StoredChunk as StoredChunk,
    StoredComparison as StoredComparison,
    StoredCorrection as StoredCorrection,
    StoredQuery as StoredQuery,
    StoredVersion as StoredVersion,
    StoredVideo as StoredVideo,
    VectorIndex as VectorIndex,
    VectorSpace as VectorSpace,
    VectorTable as VectorTable,
)

__all__ = [
    "EXACT_BELOW",
    "MOST_MEMORY",
    "BoxColumns",
    "Claim",
    "Health",
    "LibraryStats",
    "Outcome",
    "Store",
    "StoredChunk",
    "StoredComparison",
    "StoredCorrection",
    "StoredQuery",
    "StoredVersion",
    "StoredVideo",
    "VectorIndex",
    "VectorSpace",
    "VectorTable",
    "init_db",
    "newest_per_file",
    "open_store",
    "this_process",
]
