from .ab_testing import (
    ABTest as ABTest,
    arm_of as arm_of,
)
from .answers import (
    AnswerQuality as AnswerQuality,
    anls as anls,
    completeness as completeness,
    evaluate_answer_quality as evaluate_answer_quality,
    exact_match as exact_match,
    normalise as normalise,
    token_f1 as token_f1,
    vqa_accuracy as vqa_accuracy,
    word_overlap as word_overlap,
)
from .calibration import (
    Reliability as Reliability,
    RiskCoverage as RiskCoverage,
    fit_temperature as fit_temperature,
    reliability as reliability,
    risk_coverage as risk_coverage,
    softmax as softmax,
)
from .fingerprint import (
    check_same as check_same,
    digest as digest,
)
from .grounding import (
    Span as Span,
    grounding_values as grounding_values,
    inside as inside,
    ranking_values as ranking_values,
    recall_at_k as recall_at_k,
    reciprocal_rank as reciprocal_rank,
    temporal_iop as temporal_iop,
    temporal_iou as temporal_iou,
)
from .pairwise import (
    Pair as Pair,
    Ranking as Ranking,
    compare_all as compare_all,
    ranking as ranking,
)
from .results import (
    EvalResult as EvalResult,
    Figure as Figure,
    bootstrap_over_groups as bootstrap_over_groups,
    figures_by_type as figures_by_type,
)
from .statistics import (
    ALPHA as ALPHA,
    MARGIN as MARGIN,
    PairedComparison as PairedComparison,
    compare_paired as compare_paired,
    holm as holm,
)

__all__ = [
    "ALPHA",
    "MARGIN",
    "ABTest",
    "AnswerQuality",
    "EvalResult",
    "Figure",
    "Pair",
    "PairedComparison",
    "Ranking",
    "Reliability",
    "RiskCoverage",
    "Span",
    "anls",
    "arm_of",
    "bootstrap_over_groups",
    "check_same",
    "compare_all",
    "compare_paired",
    "completeness",
    "digest",
    "evaluate_answer_quality",
    "exact_match",
    "figures_by_type",
    "fit_temperature",
    "grounding_values",
    "holm",
    "inside",
    "normalise",
    "ranking",
    "ranking_values",
    "recall_at_k",
    "reciprocal_rank",
    "reliability",
    "risk_coverage",
    "softmax",
    "temporal_iop",
    "temporal_iou",
    "token_f1",
    "vqa_accuracy",
    "word_overlap",
]
