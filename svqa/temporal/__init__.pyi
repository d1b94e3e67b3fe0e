from .fusion import (
    Fused as Fused,
)
from .fusion import (
    Scores as Scores,
)
from .fusion import (
    create_multimodal_embedding as create_multimodal_embedding,
)
from .fusion import (
    late_fusion as late_fusion,
)
from .fusion import (
    match as match,
)
from .fusion import (
    reliability as reliability,
)
from .hierarchy import (
    Pooled as Pooled,
)
from .hierarchy import (
    extend as extend,
)
from .hierarchy import (
    levels_of as levels_of,
)
from .hierarchy import (
    pool_mean as pool_mean,
)
from .hierarchy import (
    segments_of as segments_of,
)
from .hierarchy import (
    unit as unit,
)
from .log_mel import (
    BANDS as BANDS,
)
from .log_mel import (
    LOG_MEL_ID as LOG_MEL_ID,
)
from .log_mel import (
    log_mel_statistics as log_mel_statistics,
)
from .log_mel import (
    stretches as stretches,
)
from .moments import (
    Moment as Moment,
)
from .moments import (
    candidate_spans as candidate_spans,
)
from .moments import (
    content_scores as content_scores,
)
from .moments import (
    expected_moments as expected_moments,
)
from .moments import (
    rising_moments as rising_moments,
)
from .moments import (
    span_iou as span_iou,
)
from .moments import (
    span_means as span_means,
)
from .moments import (
    standard as standard,
)
from .prior import (
    Prior as Prior,
)
from .prior import (
    bucket_of as bucket_of,
)
from .prior import (
    fit_prior as fit_prior,
)
from .prior import (
    load_prior as load_prior,
)
from .prior import (
    save_prior as save_prior,
)
from .prior import (
    without_time_words as without_time_words,
)
from .rerank import (
    LEAST_DENSITY as LEAST_DENSITY,
)
from .rerank import (
    coherence as coherence,
)
from .rerank import (
    rerank_with_question as rerank_with_question,
)
from .rerank import (
    rerank_with_temporal_coherence as rerank_with_temporal_coherence,
)
from .spatial_maps import (
    layout_vectors as layout_vectors,
)
from .track_events import (
    STILL as STILL,
)
from .track_events import (
    TrackEvent as TrackEvent,
)
from .track_events import (
    direction_of as direction_of,
)
from .track_events import (
    names_over_time as names_over_time,
)
from .track_events import (
    track_events_of as track_events_of,
)
from .tracks import (
    Track as Track,
)
from .tracks import (
    tracks_of as tracks_of,
)
from .windows import (
    context_aware as context_aware,
)
from .windows import (
    deltas as deltas,
)
from .windows import (
    order_aware as order_aware,
)
from .windows import (
    order_moments as order_moments,
)
from .windows import (
    slide_attention as slide_attention,
)
from .windows import (
    slide_exponential as slide_exponential,
)
from .windows import (
    slide_mean as slide_mean,
)

__all__ = [
    "BANDS",
    "LEAST_DENSITY",
    "LOG_MEL_ID",
    "STILL",
    "Fused",
    "Moment",
    "Pooled",
    "Prior",
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
