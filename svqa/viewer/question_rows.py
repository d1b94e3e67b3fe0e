"""Corrections -> rows of a question file, which evaluation, training and promotion read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.database import Store, StoredCorrection, StoredQuery
from svqa.errors import NotIngested, UsageError

# The films in the order in which they were first corrected: each keeps its split as more come, and
# four are enough to train and to judge, which takes two films that were in no training
TURNS = ("train", "val", "test", "test", "train", "train", "train", "val")


@dataclass(frozen=True)
class QuestionRows:
    """The rows of a file, and how many corrections gave none: nobody said what it should be."""

    rows: tuple[Mapping[str, Any], ...]
    without_answer: int
    without_film: int


def corrected_questions(
    store: Store, folder: str | Path, *, videos: Sequence[str] = (), split: bool = True
) -> QuestionRows:
    """-> a row a corrected question, films named relative to `folder` where the file will lie.

    A right answer gives itself and its seconds, a wrong one what it should be. With `split` every
    film is in one of the splits `train`, `val` and `test`.
    """
    corrections = store.corrections()
    asked = {q.id: q for q in store.queries(len(corrections), ids=[c.query for c in corrections])}
    rows: list[dict[str, Any]] = []
    turn: dict[str, str] = {}
    without_answer = without_film = 0
    for said in corrections:
        try:
            film = store.find_video(said.video)
        except NotIngested:
            without_film += 1
            continue
        if videos and film.id not in videos:
            continue
        query = asked[said.query]
        answer = said.answer or (query.answer if said.verdict == "right" else "")
        if not answer or (query.options and answer not in query.options):
            without_answer += 1
            continue
        row = _row(query, said, os.path.relpath(film.path, folder), answer)
        if split:
            row["split"] = turn.setdefault(film.sha256, TURNS[len(turn) % len(TURNS)])
        rows.append(row)
    return QuestionRows(tuple(rows), without_answer, without_film)


def write_question_file(
    store: Store, out: str | Path, *, videos: Sequence[str] = (), split: bool = True
) -> QuestionRows:
    """Write the corrected questions as JSON Lines; -> what was written.

    Raises UsageError where there is none.
    """
    out = Path(out)
    found = corrected_questions(store, out.parent, videos=videos, split=split)
    if not found.rows:
        raise UsageError(
            "No question whose right answer anybody said yet. Ask one, then run: svqa correct "
            "--right, or svqa correct --answer 'what it should be'"
        )
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows]
    out.write_text("".join(lines), encoding="utf-8")
    return found


def _row(query: StoredQuery, said: StoredCorrection, video: str, answer: str) -> dict[str, Any]:
    spans = said.spans
    if not spans and said.verdict == "right":
        spans = tuple((e.start_s, e.end_s) for e in query.evidence if e.video == said.video)
    row: dict[str, Any] = {"video": video, "question": query.question, "answer": answer}
    if query.options:
        row["options"] = list(query.options)
    if kept := [[start_s, end_s] for start_s, end_s in spans if start_s < end_s]:
        row["spans"] = kept
    return {**row, "id": f"question {query.id}"}
