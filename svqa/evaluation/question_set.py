"""A file of questions -> what models are asked, and the fingerprint under which they compare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svqa.evaluation.nextqa import read_annotations
from svqa.questions import open_question_file, read_questions
from svqa.records import Evidence, Question


@dataclass(frozen=True, eq=False)
class QuestionSet:
    """The questions of a file, each with an id of its own, and the file's fingerprint.

    `lines`: by id what every model reads instead of what it finds by itself, where the file says.
    """

    questions: tuple[Question, ...]
    fingerprint: Mapping[str, Any]
    lines: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)

    @property
    def inputs(self) -> list[Any]:
        """What a model is called with, question by question."""
        return [(q, list(self.lines[q.id])) if q.id in self.lines else q for q in self.questions]


def read_question_set(path: str | Path, *, split: str | None = None) -> QuestionSet:
    """-> the questions of a NExT-QA csv, or of a question file (`svqa.questions`) about videos.

    With `split` only rows of it, and rows without one, are asked. Raises UsageError with every line
    that is wrong.
    """
    path = Path(path)
    if path.suffix == ".csv":
        fingerprint = {"benchmark": "nextqa-mc", "annotations_sha256": _checksum(path)}
        return QuestionSet(tuple(choice.question for choice in read_annotations(path)), fingerprint)
    questions = tuple(read_questions(path, split=split))
    of = {} if split is None else {"split": split}
    rows = open_question_file(path).chosen(split)
    lines = {row.id: row.evidence for row in rows if row.evidence}
    return QuestionSet(questions, {"questions_sha256": _checksum(path), **of}, lines)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
