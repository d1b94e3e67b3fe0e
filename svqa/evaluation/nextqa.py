"""NExT-QA multiple choice: captions -> `EvidenceAnswerer` -> accuracy with its baselines.

The answerer is the code that answers a video.

Xiao et al. 2021, arXiv:2105.08276: five options a question; types C* causal, T* temporal, D*
descriptive. The captions are ready-made, written by a far larger vision-language model; no pixel is
read here. No weight is fitted on these questions, but the method's ingredients and its threshold of
weak evidence were chosen with them in view. Published on the full validation set: HGA (trained)
49.74, BlindQA (trained, question only) 43.76, people 88.4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svqa.answering.evidence import EvidenceAnswerer
from svqa.answering.option_scoring import word_overlap
from svqa.answering.sentence_scoring import read_passages
from svqa.errors import UsageError
from svqa.evaluation.benchmark_files import (
    Row,
    captions_by_video,
    option_number,
    read_object,
    read_table,
)
from svqa.json_lines import Mistake, refuse
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups, figures_by_type
from svqa.models.base import TextEncoder
from svqa.records import Evidence, Progress, Question

OPTIONS = 5
BASELINES = ("longest option", "blind", "word overlap")
_COLUMNS = ("video", "question", "answer", "qid", "type", *(f"a{k}" for k in range(OPTIONS)))


@dataclass(frozen=True)
class Choice:
    """A multiple-choice question with the index of its right option."""

    question: Question
    right: int

    def __post_init__(self) -> None:
        if not 0 <= self.right < len(self.question.options):
            raise ValueError(
                f"right must index one of {len(self.question.options)} options, got {self.right}"
            )


def read_annotations(path: str | Path) -> list[Choice]:
    """-> the questions of a NExT-QA csv file by video, `id` is `video_qid`.

    Raises UsageError for a missing column, and with the line of every row without a right option.

    By video, so that an encoder which remembers its last sentences reads a video's captions once.
    """
    rows = read_table(path, _COLUMNS, "NExT-QA")
    refuse(Path(path), _wrong(rows))
    return sorted((_choice(row) for _, row in rows), key=lambda choice: choice.question.video)


def read_captions(path: str | Path) -> dict[str, list[Evidence]]:
    """-> each video's captions as passages (.json or .json.gz).

    The file holds `{video: [caption at 0 s, at 1 s, ...]}`.
    """
    return {
        video: [
            Evidence(video, video, float(t), float(t + 1), 0.0, "caption", text)
            for t, text in enumerate(captions)
        ]
        for video, captions in captions_by_video(path).items()
    }


def read_predictions(path: str | Path, choices: Sequence[Choice]) -> np.ndarray:
    """-> (N,) another model's stored predictions, in the order of `choices`.

    The file holds `{video_qid: {"prediction", "answer"}}`.

    Raises UsageError where a question is missing or the file disagrees about the right answer.
    """
    stored, found = read_object(path, "{question id: {prediction, answer}}"), []
    for choice in choices:
        row = stored.get(choice.question.id)
        chosen = row.get("prediction") if isinstance(row, dict) else None
        if not isinstance(row, dict) or row.get("answer") != choice.right or chosen is None:
            raise UsageError(
                f"{path} has no prediction for '{choice.question.id}' with answer {choice.right}."
            )
        found.append(chosen)
    return np.array(found)


def run_nextqa(
    annotations: str | Path,
    captions: str | Path,
    *,
    sentences: TextEncoder,
    predictions: str | Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """Accuracy of `EvidenceAnswerer` on every question, overall and by type, with its baselines.

    `predictions`: a stored file of another model, shown as the row `stored` among the baselines.
    `progress` is called after each question. Intervals: bootstrap over videos. Raises
    UsageError where a video has no captions.
    """
    choices, passages = read_annotations(annotations), read_captions(captions)
    _check_captions(choices, passages, captions)
    answerer = EvidenceAnswerer(sentences)
    chosen, scores, baseline_picks = [], [], []
    for done, choice in enumerate(choices, 1):
        here = passages[choice.question.video]
        answer = answerer.answer(choice.question, here)
        chosen.append(-1 if answer.option is None else answer.option)
        scores.append(answer.score)
        baseline_picks.append(pick_by_baselines(choice.question, here, sentences))
        if progress is not None:
            progress("questions", done, len(choices))
    baselines = {
        name: _accuracy(choices, [pick[name] for pick in baseline_picks], seed)
        for name in BASELINES
    }
    baselines = {"chance": Figure(1 / OPTIONS, 1 / OPTIONS, 1 / OPTIONS, len(choices)), **baselines}
    if predictions is not None:
        stored = read_predictions(predictions, choices).tolist()
        baselines["stored"] = _accuracy(choices, stored, seed)
    return EvalResult(
        n=len(choices),
        metrics={"accuracy": _accuracy(choices, chosen, seed)},
        by_type=_by_type(choices, chosen, seed),
        baselines={name: {"accuracy": figure} for name, figure in baselines.items()},
        fingerprint=_fingerprint(annotations, captions, answerer.model_id, seed),
        per_question=tuple(
            {
                "id": c.question.id,
                "video": c.question.video,
                "type": c.question.type,
                "right": c.right,
                "chosen": k,
                "score": round(s, 4),
            }
            for c, k, s in zip(choices, chosen, scores, strict=True)
        ),
    )


def pick_by_baselines(
    question: Question, passages: Sequence[Evidence], sentences: TextEncoder
) -> dict[str, int]:
    """-> what each of `BASELINES` picks, as the index of an option.

    Longest option, nearest to the question (blind), most words in the captions.
    """
    options = list(question.options)
    vectors = sentences.encode_text([question.text, *options])
    scores = {
        "longest option": np.array([len(option) for option in options]),
        "blind": vectors[1:] @ vectors[0],
        "word overlap": word_overlap(options, read_passages(passages, sentences)),
    }
    return {name: int(np.argmax(scores[name])) for name in BASELINES}


def _wrong(rows: Sequence[Row]) -> Iterator[Mistake]:
    first: dict[tuple[str, str], int] = {}
    for line, row in rows:
        if option_number(row["answer"], OPTIONS) is None:
            last = OPTIONS - 1
            yield Mistake(line, f"`answer` must be 0 to {last}, got {row['answer']!r}")
        known = first.setdefault((row["video"], row["qid"]), line)
        if known != line:
            yield Mistake(line, f"asks question {row['qid']} of {row['video']}, as line {known}")


def _choice(row: Mapping[str, str]) -> Choice:
    options = tuple(row[f"a{k}"] for k in range(OPTIONS))
    right = int(row["answer"])
    question = Question(
        row["question"],
        options,
        row["video"],
        (options[right],),
        type=row["type"],
        id=f"{row['video']}_{row['qid']}",
    )
    return Choice(question, right)


def _check_captions(
    choices: Sequence[Choice], passages: Mapping[str, Sequence[Evidence]], path: str | Path
) -> None:
    without = sorted(
        {c.question.video for c in choices} - {video for video, texts in passages.items() if texts}
    )
    if without:
        raise UsageError(
            f"{path} lacks captions for {len(without)} videos that are asked about, first "
            f"'{without[0]}'."
        )


def _right(choices: Sequence[Choice], chosen: Sequence[int]) -> np.ndarray:
    return np.array([float(c.right == k) for c, k in zip(choices, chosen, strict=True)])


def _accuracy(choices: Sequence[Choice], chosen: Sequence[int], seed: int) -> Figure:
    return bootstrap_over_groups(_right(choices, chosen), [c.question.video for c in choices], seed)


def _by_type(
    choices: Sequence[Choice], chosen: Sequence[int], seed: int
) -> dict[str, dict[str, Figure]]:
    """Figures for C, T, D and for each of their finer types (CW, CH, TN ...)."""
    right, videos = _right(choices, chosen), [c.question.video for c in choices]
    fine = [c.question.type for c in choices]
    return {
        **figures_by_type(right, videos, [t[0] for t in fine], seed),
        **figures_by_type(right, videos, fine, seed),
    }


def _fingerprint(
    annotations: str | Path, captions: str | Path, model_id: str, seed: int
) -> dict[str, object]:
    def checksum(path: str | Path) -> str:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()

    return {
        "benchmark": "nextqa-mc",
        "annotations_sha256": checksum(annotations),
        "captions_sha256": checksum(captions),
        "model": model_id,
        "seed": seed,
    }
