from .fusion import (
    Fused as Fused,
    Scores as Scores,
    create_multimodal_embedding as create_multimodal_embedding,
    late_fusion as late_fusion,
    match as match,
    reliability as reliability,
)
from .hierarchy import (
    Pooled as Pooled,
    extend as extend,
    levels_of as levels_of,
    pool_mean as pool_mean,
    segments_of as segments_of,
    unit as unit,
)
from .log_mel import (
    BANDS as BANDS,
    log_mel_statistics as log_mel_statistics,
    stretches as stretches,
)
from .moments import (
    Moment as Moment,
    candidate_spans as candidate_spans,
    content_scores as content_scores,
    expected_moments as expected_moments,
    rising_moments as rising_moments,
    span_iou as span_iou,
    span_means as span_means,
    standard as standard,
)
from .prior import (
    Prior as Prior,
    bucket_of as bucket_of,
    fit_prior as fit_prior,
    load_prior as load_prior,
    save_prior as save_prior,
    without_time_words as without_time_words,
)
from .rerank import (
    LEAST_DENSITY as LEAST_DENSITY,
    coherence as coherence,
    rerank_with_question as rerank_with_question,
    rerank_with_temporal_coherence as rerank_with_temporal_coherence,
)
from .spatial_maps import (
    layout_vectors as layout_vectors,
)
from .track_events import (
    STILL as STILL,
    TrackEvent as TrackEvent,
    direction_of as direction_of,
    names_over_time as names_over_time,
    track_events_of as track_events_of,
)
from .tracks import (
    Track as Track,
    tracks_of as tracks_of,
)
from .windows import (
    context_aware as context_aware,
    deltas as deltas,
    order_aware as order_aware,
    order_moments as order_moments,
    slide_attention as slide_attention,
    slide_exponential as slide_exponential,
    slide_mean as slide_mean,
)

__all__ = [
    "BANDS",
    "Fused",
    "LEAST_DENSITY",
    "Moment",
    "Pooled",
    "Prior",
    "STILL",
    "Scores",
    "Track",
    "TrackEvent",
    "bucket_of",
    "candidate_spans",
    "coherence",
    "content_scores",
    "context_aware",
    "create_multimodal_embedding",
    "deltas",
    "direction_of",
    "expected_moments",
    "extend",
    "fit_prior",
    "late_fusion",
    "layout_vectors",
    "levels_of",
    "load_prior",
    "log_mel_statistics",
    "match",
    "names_over_time",
    "order_aware",
    "order_moments",
    "pool_mean",
    "reliability",
    "rerank_with_question",
    "rerank_with_temporal_coherence",
    "rising_moments",
    "save_prior",
    "segments_of",
    "slide_attention",
    "slide_exponential",
    "slide_mean",
    "span_iou",
    "span_means",
    "standard",
    "stretches",
    "track_events_of",
    "tracks_of",
    "unit",
    "without_time_words",
]
