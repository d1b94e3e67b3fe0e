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
)
from .store import (
    open_store as open_store,
)
from .stored_records import (
    Claim as Claim,
)
from .stored_records import (
    Health as Health,
)
from .stored_records import (
    LibraryStats as LibraryStats,
)
from .stored_records import (
    Outcome as Outcome,
)
from .stored_records import (
    StoredChunk as StoredChunk,
)
from .stored_records import (
    StoredComparison as StoredComparison,
)
from .stored_records import (
    StoredQuery as StoredQuery,
)
from .stored_records import (
    StoredVersion as StoredVersion,
)
from .stored_records import (
    StoredVideo as StoredVideo,
)
from .stored_records import (
    VectorIndex as VectorIndex,
)
from .stored_records import (
    VectorSpace as VectorSpace,
)
from .stored_records import (
    VectorTable as VectorTable,
)

__all__ = [
    "EXACT_BELOW",
    "Claim",
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
