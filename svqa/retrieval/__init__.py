"""Vectors and words -> the items that match a query, best first (numpy only)."""

from svqa.retrieval.exact import top_k, widen
from svqa.retrieval.lexical import Lexicon
from svqa.retrieval.rank_fusion import reciprocal_rank_fusion

__all__ = ["Lexicon", "reciprocal_rank_fusion", "top_k", "widen"]
