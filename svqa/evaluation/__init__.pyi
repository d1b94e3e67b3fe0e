from .comparison import (
    METRIC as METRIC,
)
from .comparison import (
    ModelComparator as ModelComparator,
)
from .comparison import (
    ModelRun as ModelRun,
)
from .comparison import (
    ModelsCompared as ModelsCompared,
)
from .comparison import (
    metrics_service as metrics_service,
)
from .comparison import (
    model_comparator as model_comparator,
)
from .comparison import (
    words_of as words_of,
)
from .nextgqa import (
    run_nextgqa as run_nextgqa,
)
from .nextqa import (
    Choice as Choice,
)
from .nextqa import (
    read_annotations as read_annotations,
)
from .nextqa import (
    read_captions as read_captions,
)
from .nextqa import (
    read_predictions as read_predictions,
)
from .nextqa import (
    run_nextqa as run_nextqa,
)
from .nextqa_vectors import (
    KeptSentences as KeptSentences,
)
from .nextqa_vectors import (
    sentence_encoder as sentence_encoder,
)
from .question_file import (
    SPAN_METRICS as SPAN_METRICS,
)
from .question_file import (
    ingest_asked as ingest_asked,
)
from .question_file import (
    run_questions as run_questions,
)
from .registry import (
    ModelRegistry as ModelRegistry,
)
from .registry import (
    ModelType as ModelType,
)
from .registry import (
    model_registry as model_registry,
)
from .runs import (
    QuestionSet as QuestionSet,
)
from .runs import (
    Run as Run,
)
from .runs import (
    RunsCompared as RunsCompared,
)
from .runs import (
    compare_runs as compare_runs,
)
from .runs import (
    read_question_set as read_question_set,
)
from .runs import (
    read_run as read_run,
)
from .runs import (
    run_set as run_set,
)
from .shapes import (
    FRESH_SEED as FRESH_SEED,
)
from .shapes import (
    run_shapes as run_shapes,
)
from .shapes_grounding import (
    EVERY_SPAN_METRIC as EVERY_SPAN_METRIC,
)
from .shapes_grounding import (
    SPAN_METRIC as SPAN_METRIC,
)
from .shapes_grounding import (
    run_shapes_grounding as run_shapes_grounding,
)
from .shapes_questions import (
    FrameQuestion as FrameQuestion,
)
from .shapes_questions import (
    draw_frame_questions as draw_frame_questions,
)
from .shapes_questions import (
    evaluate_captions as evaluate_captions,
)
from .shapes_questions import (
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
    "Run",
    "RunsCompared",
    "compare_runs",
    "draw_frame_questions",
    "evaluate_captions",
    "evaluate_frame_questions",
    "ingest_asked",
    "metrics_service",
    "model_comparator",
    "model_registry",
    "read_annotations",
    "read_captions",
    "read_predictions",
    "read_question_set",
    "read_run",
    "run_nextgqa",
    "run_nextqa",
    "run_questions",
    "run_set",
    "run_shapes",
    "run_shapes_grounding",
    "sentence_encoder",
    "words_of",
]
