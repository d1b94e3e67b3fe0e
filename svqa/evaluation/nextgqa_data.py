"""NExT-GQA files -> questions beside their video's caption vectors and word scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.evaluation.benchmark_files import read_object, read_table
from svqa.models.base import TextEncoder
from svqa.records import Question, VectorSet
from svqa.retrieval import Lexicon
from svqa.temporal.moments import content_scores
from svqa.temporal.prior import without_time_words

_COLUMNS = ("video_id", "question", "qid", "type", "answer", *(f"a{k}" for k in range(5)))


@dataclass(frozen=True, eq=False)
class GroundingQuestion:
    """A question, its video's seconds, and how well each second's caption fits it.

    `frames`, `cosines` and `words` hold a value a second.
    """

    question: Question
    duration_s: float
    frames: VectorSet
    vector: np.ndarray
    words: np.ndarray

    @property
    def t_s(self) -> np.ndarray:
        """(T,): when each caption begins."""
        return self.frames.spans[:, 0]

    @cached_property
    def cosines(self) -> np.ndarray:
        """(T,): question against each caption."""
        return self.frames.values @ self.vector

    @cached_property
    def content(self) -> np.ndarray:
        """(T,): meaning and words together, in standard scores over this video."""
        return content_scores(self.cosines, self.words)


def read_grounding_questions(
    annotations: str | Path, spans: str | Path
) -> tuple[list[Question], dict[str, float]]:
    """-> (questions with their marked spans and id `video_qid`, {video: seconds}).

    Raises UsageError on other files.
    """
    marked = read_object(spans, "{video: {duration, location: {question: [[start, end], ...]}}}")
    rows = [row for _, row in read_table(annotations, _COLUMNS, "NExT-GQA")]
    if not rows:
        raise UsageError(f"{annotations} is not a NExT-GQA annotation file: it has no question.")
    questions = []
    for row in rows:
        found = _spans_of(marked.get(row["video_id"]), row["qid"])
        if not found:
            raise UsageError(
                f"{spans} has no span for question {row['qid']} of video {row['video_id']}: give "
                f"the spans file that belongs to {annotations}"
            )
        questions.append(
            Question(
                row["question"],
                tuple(row[f"a{i}"] for i in range(5)),
                row["video_id"],
                (row["answer"],),
                found,
                row["type"],
                f"{row['video_id']}_{row['qid']}",
            )
        )
    asked = {question.video for question in questions}
    return questions, {video: _duration_of(marked[video], video, spans) for video in sorted(asked)}


def _spans_of(entry: object, question: str) -> tuple[tuple[float, float], ...]:
    """The marked spans of a question; none where the file does not hold them in this form."""
    try:
        found = entry["location"][question]  # type: ignore[index]
        return tuple((float(start_s), float(end_s)) for start_s, end_s in found)
    except (TypeError, KeyError, ValueError):
        return ()


def _duration_of(entry: dict, video: str, path: str | Path) -> float:
    seconds = entry.get("duration")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
        raise UsageError(f"{path}: `duration` of '{video}' must be seconds, got {seconds!r}.")
    return float(seconds)


def gather(
    questions: Sequence[Question],
    durations_s: Mapping[str, float],
    captions: Mapping[str, Sequence],
    sentences: TextEncoder,
) -> list[GroundingQuestion]:
    """Every question beside its video's caption vectors and word scores.

    A video's captions are encoded once.
    """
    videos = {}
    for video in dict.fromkeys(q.video for q in questions):
        if not captions.get(video):
            raise UsageError(
                f"no captions for video '{video}': give the captions file that belongs to "
                "these questions"
            )
        texts = [c.text for c in captions[video]]
        frames = VectorSet(
            "frame",
            "caption",
            sentences.model_id,
            np.array([(c.start_s, c.end_s) for c in captions[video]]),
            sentences.encode_text(texts),
        )
        videos[video] = frames, Lexicon(texts)
    plain = [without_time_words(q.text) for q in questions]
    asked = []
    for question, text, vector in zip(questions, plain, sentences.encode_text(plain), strict=True):
        frames, words = videos[question.video]
        scores = words.scores(text).astype(np.float64)
        asked.append(
            GroundingQuestion(question, durations_s[question.video], frames, vector, scores)
        )
    return asked
