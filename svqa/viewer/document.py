"""A stored video and the questions about it -> the plain data that the viewer draws.

The other side of `src/document.ts`: names and shapes are the same there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from svqa.database import BoxColumns, Store, StoredCorrection, StoredQuery, StoredVideo
from svqa.records import Caption, Evidence, TextBox, Utterance

Picture = Callable[[Evidence], str | None]  # where a host finds the picture of a piece of evidence
Scores = Callable[[str], tuple[np.ndarray, np.ndarray]]  # of a question: seconds, values
MOST_EVIDENCE = 24  # cards of one question
AFTER_MIDDLE = 0.6
POSTER = 0.1  # of a film's length: the frame that stands for it


def view_document(
    store: Store,
    video: StoredVideo,
    asked: Iterable[StoredQuery] = (),
    *,
    src: str | None,
    poster: str | None = None,
    picture: Picture = lambda evidence: None,
    scores: Scores | None = None,
) -> dict[str, Any]:
    """-> the document of one film, ready for JSON.

    `src`: where the host finds the film, None where it is gone. `scores`: how well each second fits
    a question; without it that lane stays away.
    """
    asked = list(asked)
    said = {c.query: c for c in store.corrections([q.id for q in asked])} if asked else {}
    questions = [
        asked_question(q, picture=picture, scores=scores, correction=said.get(q.id)) for q in asked
    ]
    return {
        "film": film(video, src, poster),
        "shots": [[s.start_s, s.end_s] for s in store.shots(video.id)],
        "captions": _lines(store.captions(video.id)),
        "speech": _lines(store.utterances(video.id)),
        "text": _lines(store.text_boxes(video.id)),
        "boxes": boxes(store.box_columns(video.id)),
        "questions": questions,
    }


def film(video: StoredVideo, src: str | None, poster: str | None) -> dict[str, Any]:
    """-> what the viewer says about the film itself."""
    return {
        "id": video.id,
        "name": Path(video.path).name,
        "duration_s": video.duration_s,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "src": src,
        "poster": poster,
        "note": video.note,
    }


def asked_question(
    query: StoredQuery,
    *,
    picture: Picture = lambda evidence: None,
    scores: Scores | None = None,
    correction: StoredCorrection | None = None,
) -> dict[str, Any]:
    """A row of the audit trail -> a question with its answer and its cards."""
    curve = None
    if scores is not None:
        times_s, values = scores(query.question)
        curve = {"t_s": [float(t) for t in times_s], "value": [round(float(v), 4) for v in values]}
    return {
        "id": query.id,
        "question": query.question,
        "options": list(query.options),
        "answer": query.answer,
        "abstained": query.abstained,
        "reason": query.reason,
        "model": query.models.get("answerer", ""),
        "latency_ms": query.latency_ms,
        "evidence": [card(e, picture(e)) for e in query.evidence[:MOST_EVIDENCE]],
        "scores": curve,
        "correction": None if correction is None else _said(correction),
    }


def card(evidence: Evidence, picture: str | None) -> dict[str, Any]:
    """-> a moment as the viewer shows it, also one that a search found."""
    return {
        "start_s": evidence.start_s,
        "end_s": evidence.end_s,
        "kind": evidence.kind,
        "text": evidence.text,
        "score": evidence.score,
        "film": evidence.video,
        "film_name": Path(evidence.path).name,
        "picture": picture,
    }


def thumbnail_s(evidence: Evidence) -> float:
    """The second whose picture stands for a moment.

    A little after its middle: what happens there is to be seen once it has happened.
    """
    return evidence.start_s + AFTER_MIDDLE * (evidence.end_s - evidence.start_s)


def poster_s(video: StoredVideo) -> float:
    """The second whose picture stands for a film."""
    return POSTER * video.duration_s


def picture_query(t_s: float) -> str:
    """How hosts that serve pictures are asked for the one of a second."""
    return f"picture?t_s={t_s:.3f}"


def boxes(found: BoxColumns) -> dict[str, list[Any]]:
    """Boxes -> columns, which take a fifth of the room that rows of names take."""
    labels = sorted(set(found.label))
    number = {label: i for i, label in enumerate(labels)}
    return {
        "labels": labels,
        "t_s": list(found.t_s),
        "label": [number[label] for label in found.label],
        "track": list(found.track),
        "xyxy_px": found.xyxy_px.round(1).ravel().tolist(),
    }


def _said(correction: StoredCorrection) -> dict[str, Any]:
    spans = [list(span) for span in correction.spans]
    return {"verdict": correction.verdict, "answer": correction.answer, "spans": spans}


def _lines(found: Sequence[Caption | Utterance | TextBox]) -> list[list[Any]]:
    return [[line.start_s, line.end_s, line.text] for line in found]
