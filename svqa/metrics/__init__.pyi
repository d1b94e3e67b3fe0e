from .ab_testing import (
    ABTest as ABTest,
)
from .ab_testing import (
    arm_of as arm_of,
)
from .answers import (
    AnswerQuality as AnswerQuality,
)
from .answers import (
    anls as anls,
)
from .answers import (
    completeness as completeness,
)
from .answers import (
    evaluate_answer_quality as evaluate_answer_quality,
)
from .answers import (
    exact_match as exact_match,
)
from .answers import (
    normalise as normalise,
)
from .answers import (
    token_f1 as token_f1,
)
from .answers import (
    vqa_accuracy as vqa_accuracy,
)
from .answers import (
    word_overlap as word_overlap,
)
from .calibration import (
    Reliability as Reliability,
)
from .calibration import (
    RiskCoverage as RiskCoverage,
)
from .calibration import (
    fit_temperature as fit_temperature,
)
from .calibration import (
    reliability as reliability,
)
from .calibration import (
    risk_coverage as risk_coverage,
)
from .calibration import (
    softmax as softmax,
)
from .fingerprint import (
    check_same as check_same,
)
from .fingerprint import (
    digest as digest,
)
from .grounding import (
    Span as Span,
)
from .grounding import (
    grounding_values as grounding_values,
)
from .grounding import (
    inside as inside,
)
from .grounding import (
    ranking_values as ranking_values,
)
from .grounding import (
    recall_at_k as recall_at_k,
)
from .grounding import (
    reciprocal_rank as reciprocal_rank,
)
from .grounding import (
    temporal_iop as temporal_iop,
)
from .grounding import (
    temporal_iou as temporal_iou,
)
from .pairwise import (
    Pair as Pair,
)
from .pairwise import (
    Ranking as Ranking,
)
from .pairwise import (
    compare_all as compare_all,
)
from .pairwise import (
    ranking as ranking,
)
from .results import (
    EvalResult as EvalResult,
)
from .results import (
    Figure as Figure,
)
from .results import (
    bootstrap_over_groups as bootstrap_over_groups,
)
from .results import (
    figures_by_type as figures_by_type,
)
from .statistics import (
    ALPHA as ALPHA,
)
from .statistics import (
    MARGIN as MARGIN,
)
from .statistics import (
    PairedComparison as PairedComparison,
)
from .statistics import (
    compare_paired as compare_paired,
)
from .statistics import (
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
