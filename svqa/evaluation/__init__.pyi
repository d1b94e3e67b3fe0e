from .comparison import (
    ModelComparator as ModelComparator,
    ModelRun as ModelRun,
    ModelsCompared as ModelsCompared,
    metrics_service as metrics_service,
    model_comparator as model_comparator,
)
from .model_names import (
    evidence_set as evidence_set,
)
from .nextgqa import (
    run_nextgqa as run_nextgqa,
)
from .nextoe import (
    run_nextoe as run_nextoe,
)
from .nextqa import (
    Choice as Choice,
    read_annotations as read_annotations,
    read_captions as read_captions,
    read_predictions as read_predictions,
    run_nextqa as run_nextqa,
)
from .nextqa_vectors import (
    KeptSentences as KeptSentences,
    sentence_encoder as sentence_encoder,
)
from .output_quality import (
    METRIC as METRIC,
    check_metric as check_metric,
    words_of as words_of,
)
from .question_file import (
    SPAN_METRICS as SPAN_METRICS,
    ingest_asked as ingest_asked,
    run_questions as run_questions,
)
from .question_set import (
    QuestionSet as QuestionSet,
    read_question_set as read_question_set,
)
from .qvhighlights import (
    read_moments as read_moments,
    read_queries as read_queries,
    run_qvhighlights as run_qvhighlights,
)
from .qvhighlights_library import (
    run_qvhighlights_library as run_qvhighlights_library,
)
from .registry import (
    ModelRegistry as ModelRegistry,
    ModelType as ModelType,
    model_registry as model_registry,
)
from .result_files import (
    ResultFile as ResultFile,
    Scored as Scored,
    read_result_table as read_result_table,
    read_sample_log as read_sample_log,
)
from .runs import (
    Run as Run,
    RunsCompared as RunsCompared,
    compare_runs as compare_runs,
    compare_types as compare_types,
    read_run as read_run,
    run_set as run_set,
)
from .shapes import (
    FRESH_SEED as FRESH_SEED,
    run_shapes as run_shapes,
)
from .shapes_grounding import (
    EVERY_SPAN_METRIC as EVERY_SPAN_METRIC,
    SPAN_METRIC as SPAN_METRIC,
    run_shapes_grounding as run_shapes_grounding,
)
from .shapes_questions import (
    FrameQuestion as FrameQuestion,
    draw_frame_questions as draw_frame_questions,
    evaluate_captions as evaluate_captions,
    evaluate_frame_questions as evaluate_frame_questions,
)

__all__ = [
    "EVERY_SPAN_METRIC",
    "FRESH_SEED",
    "METRIC",
    "SPAN_METRIC",
    "SPAN_METRICS",
    "Choice",
    "FrameQuestion",
    "KeptSentences",
    "ModelComparator",
    "ModelRegistry",
    "ModelRun",
    "ModelType",
    "ModelsCompared",
    "QuestionSet",
    "ResultFile",
    "Run",
    "RunsCompared",
    "Scored",
    "check_metric",
    "compare_runs",
    "compare_types",
    "draw_frame_questions",
    "evaluate_captions",
    "evaluate_frame_questions",
    "evidence_set",
    "ingest_asked",
    "metrics_service",
    "model_comparator",
    "model_registry",
    "read_annotations",
    "read_captions",
    "read_moments",
    "read_predictions",
    "read_queries",
    "read_question_set",
    "read_result_table",
    "read_run",
    "read_sample_log",
    "run_nextgqa",
    "run_nextoe",
    "run_nextqa",
    "run_questions",
    "run_qvhighlights",
    "run_qvhighlights_library",
    "run_set",
    "run_shapes",
    "run_shapes_grounding",
    "sentence_encoder",
    "words_of",
]
