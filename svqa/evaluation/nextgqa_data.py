"""NExT-GQA files -> questions beside their video's caption vectors and word scores."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.models.base import TextEncoder
from svqa.records import Question, VectorSet
from svqa.retrieval import Lexicon
from svqa.temporal.moments import content_scores
from svqa.temporal.prior import without_time_words


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
    marked = json.loads(Path(spans).read_text(encoding="utf-8"))
    with open(annotations, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"video_id", "question", "qid", "type", "answer"} <= rows[0].keys():
        raise UsageError(
            f"{annotations} is not a NExT-GQA annotation file: it needs the columns video_id, "
            "question, qid, type, answer, a0..a4"
        )
    questions = []
    for row in rows:
        found = marked.get(row["video_id"], {}).get("location", {}).get(row["qid"])
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
                tuple((float(a), float(b)) for a, b in found),
                row["type"],
                f"{row['video_id']}_{row['qid']}",
            )
        )
    return questions, {video: float(entry["duration"]) for video, entry in marked.items()}


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
