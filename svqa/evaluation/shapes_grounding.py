"""Questions about shapes videos -> the seconds that hold the evidence -> temporal IoU.

Every figure stands beside what never looks.

    python -m svqa.evaluation.shapes_grounding --out experiments/shapes_grounding/result.json

`when`, `order` and `changes` questions on freshly drawn videos. The detector of the shapes set
looks ten times a second; what happens to its boxes and when, and which of it the question's words
ask for, is all there is (`svqa.answering.event_grounding`). A question about two events has two
marked spans: `span IoU>=0.5` holds the span found for the earlier one against the marked one it
fits best (the convention of NExT-GQA), `every span` asks for all of them. `two looks a second`: the
same from a fifth of the boxes, which is what `svqa ingest` keeps unless it is told to look more
often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from svqa.answering.event_grounding import BESIDE_S, EventGrounder, clauses_of
from svqa.evaluation.shapes_questions import TRAIN_SEED, TRAIN_VIDEOS, draw_frame_questions
from svqa.metrics.grounding import Span, temporal_iou
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups
from svqa.models.base import Detector, Encoder
from svqa.records import Detection, FrameBatch
from svqa.shapes.balance import WorldQuestion
from svqa.shapes.render import frame_times, render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S
from svqa.temporal.moments import candidate_spans, rising_moments, span_iou
from svqa.temporal.prior import Prior, fit_prior
from svqa.temporal.windows import deltas, slide_mean

TYPES = ("when", "order", "changes")
SEED = 90_511  # nothing was trained or chosen on it; the choices were made on 90_501
RATE_HZ, WIDTH_PX = 10, 128
LEAST_SCORE = 0.1  # of a box: a track is made of many, so that weak ones still count
SMOOTH_S = 0.5
SPAN_METRIC, EVERY_SPAN_METRIC, MEAN, SPARSE = (
    "span IoU>=0.5",
    "every span IoU>=0.5",
    "span mIoU",
    "span IoU>=0.5, two looks a second",
)
# candidate boundaries every quarter of a second: a baseline must be able to name a one second span
_STEPS = 32


def run_shapes_grounding(
    encoder: Encoder | None, detector: Detector, *, videos: int = 120, seed: int = SEED
) -> EvalResult:
    """Share of questions whose evidence is found at temporal IoU >= 0.5, overall and by type.

    Intervals are over videos.

    Baselines: a random span, the whole video, the span that the question's words alone suggest
    (learnt on another seed), and the same method on frames in shuffled order. With `encoder` two
    more rows: the stretch whose pictures are most like the question's words, and the second at
    which the picture changes most.
    """
    rng = np.random.default_rng([seed, 3])
    scenes = [scene_of(seed, i) for i in range(videos)]
    asked = [
        (a.video, a.question)
        for a in draw_frame_questions(scenes, seed)
        if a.question.type in TYPES
    ]
    prior, found = words_prior(), {}
    for video in sorted({v for v, _ in asked}):
        frames = render(scenes[video], frame_times(RATE_HZ).tolist(), width_px=WIDTH_PX)
        found[video] = _finders(frames, detector, encoder, prior, rng)
    rows: dict[str, list[float]] = {}
    every, ious = [], []
    for video, question in asked:
        spans = {name: find(question.text) for name, find in found[video].items()}
        for name, guesses in spans.items():
            rows.setdefault(name, []).append(float(_best(guesses, question) >= 0.5))
        every.append(float(all(_covered(span, spans["method"]) for span in question.spans)))
        ious.append(_best(spans["method"], question))
    return _result(
        asked,
        rows,
        every,
        ious,
        {
            "seed": seed,
            "videos": videos,
            "detector": detector.model_id,
            "encoder": encoder.model_id if encoder else None,
        },
    )


def words_prior() -> Prior:
    """Where the evidence for such words was in the videos that the baselines may learn from."""
    scenes = [scene_of(TRAIN_SEED, i) for i in range(TRAIN_VIDEOS)]
    learnt = [
        a.question for a in draw_frame_questions(scenes, TRAIN_SEED) if a.question.type in TYPES
    ]
    return fit_prior(
        [q.text for q in learnt],
        [DURATION_S] * len(learnt),
        [q.spans for q in learnt],
        provenance={"world": "shapes", "seed": TRAIN_SEED},
    )


def find_spans(boxes: Sequence[Detection], t_s: np.ndarray, question: str) -> list[Span]:
    """The method: the seconds of what the question says happens, the earliest first.

    One span without any boxes too.
    """
    found = sorted((h.start_s, h.end_s) for h in EventGrounder(boxes, t_s).find(question))
    return found or [(0.0, DURATION_S)]


def _finders(
    frames: FrameBatch,
    detector: Detector,
    encoder: Encoder | None,
    prior: Prior,
    rng: np.random.Generator,
) -> dict[str, Callable[[str], list[Span]]]:
    t_s = frames.t_s
    boxes = detector.detect(frames, min_score=LEAST_SCORE)
    other_time = dict(zip(t_s.tolist(), rng.permutation(t_s).tolist(), strict=True))
    shuffled = [_at(box, other_time[box.t_s]) for box in boxes]
    candidates = candidate_spans(DURATION_S, steps=_STEPS)
    few_s = t_s[:: RATE_HZ // 2]
    few = [box for box in boxes if box.t_s in few_s]
    rows = {
        "method": lambda text: find_spans(boxes, t_s, text),
        SPARSE: lambda text: find_spans(few, few_s, text),
        "random": lambda text: [tuple(candidates[rng.integers(len(candidates))])],
        "whole video": lambda text: [(0.0, DURATION_S)],
        "question words": lambda text: [_expected(prior, text, candidates)],
        "shuffled time": lambda text: find_spans(shuffled, t_s, text),
    }
    if encoder is None:
        return rows
    vectors = encoder.encode_frames(frames.pixels)
    return {
        **rows,
        "picture like the words": lambda text: [_alike(encoder, vectors, t_s, text)],
        "picture changes most": lambda text: [_most_changed(vectors, t_s)],
    }


def _expected(prior: Prior, text: str, candidates: np.ndarray) -> Span:
    spans, weights = prior.spans(text, DURATION_S)
    return tuple(candidates[int(np.argmax(span_iou(candidates, spans) @ weights))])


def _alike(encoder: Encoder, vectors: np.ndarray, t_s: np.ndarray, text: str) -> Span:
    scores = vectors @ encoder.encode_text([clauses_of(text)[0]])[0]
    best = rising_moments(scores, t_s, end_s=DURATION_S, k=1)
    return (best[0].start_s, best[0].end_s) if best else (0.0, DURATION_S)


def _most_changed(vectors: np.ndarray, t_s: np.ndarray) -> Span:
    _, size = deltas(slide_mean(vectors, t_s, window_s=SMOOTH_S), t_s)
    at_s = float(t_s[size.argmax()])
    return max(0.0, at_s - BESIDE_S), min(DURATION_S, at_s + BESIDE_S)


def _at(box: Detection, t_s: float) -> Detection:
    return Detection(box.label, box.score, box.xyxy_px, t_s, box.model_id)


def _best(found: Sequence[Span], question: WorldQuestion) -> float:
    return temporal_iou(found[0], question.spans)


def _covered(marked: Span, found: Sequence[Span]) -> bool:
    return any(temporal_iou(span, [marked]) >= 0.5 for span in found)


def _result(
    asked: Sequence[tuple[int, WorldQuestion]],
    rows: dict[str, list[float]],
    every: list[float],
    ious: list[float],
    fingerprint: dict[str, Any],
) -> EvalResult:
    videos, types = np.array([v for v, _ in asked]), np.array([q.type for _, q in asked])
    seed = fingerprint["seed"]

    def figure(values: Sequence[float], kind: str | None = None) -> Figure:
        here = np.ones(len(types), bool) if kind is None else types == kind
        return bootstrap_over_groups(np.asarray(values)[here], videos[here], seed)

    method = rows.pop("method")
    mine = {SPAN_METRIC: method, EVERY_SPAN_METRIC: every, MEAN: ious, SPARSE: rows.pop(SPARSE)}
    there = [kind for kind in TYPES if kind in types]
    by_type = {
        kind: {name: figure(values, kind) for name, values in mine.items()} for kind in there
    }
    baselines = {
        name: {"all": figure(values), **{kind: figure(values, kind) for kind in there}}
        for name, values in rows.items()
    }
    per_question = tuple(
        {"video": int(v), "type": q.type, "question": q.text, "iou": iou, "every span": e}
        for (v, q), iou, e in zip(asked, ious, every, strict=True)
    )
    return EvalResult(
        len(asked),
        {name: figure(values) for name, values in mine.items()},
        by_type,
        baselines,
        {"world": "shapes", **fingerprint, "rate_hz": RATE_HZ, "words_seed": TRAIN_SEED},
        per_question,
    )
