from .coco import (
    coco_boxes as coco_boxes,
)
from .edit_list import (
    evidence_edl as evidence_edl,
    evidence_timeline as evidence_timeline,
)
from .fiftyone import (
    temporal_detections as temporal_detections,
    write_fiftyone as write_fiftyone,
)
from .known_benchmarks import (
    BENCHMARKS as BENCHMARKS,
    questions_of_benchmark as questions_of_benchmark,
)
from .label_studio import (
    label_studio_task as label_studio_task,
    questions_of_label_studio as questions_of_label_studio,
)
from .question_tables import (
    questions_of_csv as questions_of_csv,
    questions_of_dataset as questions_of_dataset,
)
from .subtitles import (
    subtitles as subtitles,
)
from .tables import (
    as_table as as_table,
    table as table,
)

__all__ = [
    "BENCHMARKS",
    "as_table",
    "coco_boxes",
    "evidence_edl",
    "evidence_timeline",
    "label_studio_task",
    "questions_of_benchmark",
    "questions_of_csv",
    "questions_of_dataset",
    "questions_of_label_studio",
    "subtitles",
    "table",
    "temporal_detections",
    "write_fiftyone",
]
