"""A model set and a seed -> how often it is right about shapes videos.

Who reads words is given captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from svqa.answering.evidence import EvidenceAnswerer
from svqa.errors import ModelError, UsageError
from svqa.evaluation.shapes_grounding import SPAN_METRIC, run_shapes_grounding
from svqa.evaluation.shapes_questions import FRESH_SEED, evaluate_frame_questions
from svqa.metrics.results import EvalResult
from svqa.models.base import Answerer, Captioner
from svqa.models.zoo import ModelSet
from svqa.records import Answer, Evidence, FrameBatch, Question, Segment

_FRAME_S = 0.01


class Captioned(Answerer):
    """An answerer that reads words, made to look.

    Each frame is captioned, and the captions are what it reads.
    """

    def __init__(self, answerer: Answerer, captioner: Captioner):
        self.answerer, self.captioner = answerer, captioner
        self.model_id = f"{captioner.model_id} -> {answerer.model_id}"

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """As the answerer does, from `passages` and one caption a frame."""
        read = list(passages)
        if frames is not None:
            moments = [Segment(t, t + _FRAME_S) for t in frames.t_s.tolist()]
            read += [
                Evidence(
                    question.video, question.video, c.start_s, c.end_s, c.score, "caption", c.text
                )
                for c in self.captioner.caption(frames, moments)
            ]
        return replace(self.answerer.answer(question, read, frames), model_id=self.model_id)


def run_shapes(
    models: ModelSet, *, videos: int = 60, seed: int = FRESH_SEED, every_s: float | None = None
) -> EvalResult:
    """Accuracy of the set's answerer on freshly drawn videos, by type, with its baselines.

    Where the set was made for this world, also how often its boxes find the seconds that hold the
    evidence (`span IoU>=0.5`). `seed` must be one that nothing was trained on. Raises UsageError
    where the set cannot answer.
    """
    if videos < 2:
        raise UsageError(
            f"-n must be at least 2 videos, got {videos}: one baseline looks at another video."
        )
    if "answerer" not in models.model_ids:
        raise UsageError(
            f"The set '{models.name}' has no model that answers. See: svqa models list"
        )
    answerer = models.answerer
    if isinstance(answerer, EvidenceAnswerer):
        answerer = Captioned(answerer, models.captioner)
    answered = evaluate_frame_questions(answerer, videos=videos, seed=seed, every_s=every_s)
    return _with_spans(answered, models, videos, seed) if models.name == "shapes" else answered


def _with_spans(answered: EvalResult, models: ModelSet, videos: int, seed: int) -> EvalResult:
    """The same result with the figures of found seconds beside the answers.

    Their baselines begin with `span: `.
    """
    detector = models.detector
    if detector is None:
        raise ModelError(f"The set '{models.name}' has no detector. See: svqa models list")
    found = run_shapes_grounding(None, detector, videos=videos, seed=seed)
    by_type = {kind: dict(figures) for kind, figures in answered.by_type.items()}
    for kind, figures in found.by_type.items():
        by_type[kind][SPAN_METRIC] = figures[SPAN_METRIC]
    baselines = {
        **answered.baselines,
        **{f"span: {name}": figures for name, figures in found.baselines.items()},
    }
    metrics = {**answered.metrics, **found.metrics}
    return replace(
        answered,
        metrics=metrics,
        by_type=by_type,
        baselines=baselines,
        fingerprint={**answered.fingerprint, "detector": detector.model_id},
    )
