from .ab_testing import (
    ABTest as ABTest,
    arm_of as arm_of,
)
from .answers import (
    AnswerQuality as AnswerQuality,
    Sentences as Sentences,
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
from .highlights import (
    highlight_values as highlight_values,
    moment_values as moment_values,
    scores_average_precision as scores_average_precision,
    windows_average_precision as windows_average_precision,
)
from .pairwise import (
    Pair as Pair,
    Ranking as Ranking,
    compare_all as compare_all,
    compare_within as compare_within,
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
from .wups import (
    wups as wups,
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
    "Sentences",
    "Span",
    "anls",
    "arm_of",
    "bootstrap_over_groups",
    "check_same",
    "compare_all",
    "compare_paired",
    "compare_within",
    "completeness",
    "digest",
    "evaluate_answer_quality",
    "exact_match",
    "figures_by_type",
    "fit_temperature",
    "grounding_values",
    "highlight_values",
    "holm",
    "inside",
    "moment_values",
    "normalise",
    "ranking",
    "ranking_values",
    "recall_at_k",
    "reciprocal_rank",
    "reliability",
    "risk_coverage",
    "scores_average_precision",
    "softmax",
    "temporal_iop",
    "temporal_iou",
    "token_f1",
    "vqa_accuracy",
    "windows_average_precision",
    "word_overlap",
    "wups",
]
