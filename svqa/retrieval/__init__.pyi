from .exact import (
    best_k as best_k,
    top_k as top_k,
    widen as widen,
)
from .kept_lexicon import (
    KeptLexicon as KeptLexicon,
)
from .lexical import (
    Lexicon as Lexicon,
    WordCounts as WordCounts,
)
from .rank_fusion import (
    RRF_K as RRF_K,
    fuse_ranks as fuse_ranks,
    mean_ranks as mean_ranks,
    ordinal_ranks as ordinal_ranks,
    reciprocal_rank_fusion as reciprocal_rank_fusion,
)

__all__ = [
    "RRF_K",
    "KeptLexicon",
    "Lexicon",
    "WordCounts",
    "best_k",
    "fuse_ranks",
    "mean_ranks",
    "ordinal_ranks",
    "reciprocal_rank_fusion",
    "top_k",
    "widen",
]
