from .exact import (
    best_k as best_k,
    top_k as top_k,
    widen as widen,
)
from .lexical import (
    Lexicon as Lexicon,
)
from .rank_fusion import (
    reciprocal_rank_fusion as reciprocal_rank_fusion,
)

__all__ = [
    "Lexicon",
    "best_k",
    "reciprocal_rank_fusion",
    "top_k",
    "widen",
]
