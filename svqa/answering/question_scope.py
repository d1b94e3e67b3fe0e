"""A question about one video -> the seconds its words point at, and the question without them.

Two kinds of words point: a place in the video ("at the end"), and an event ("after the ball
falls"). A place is found by the table of `svqa.temporal.prior` with the video's own scores
(`expected_moments`), an event by the scores alone (`rising_moments`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from svqa.language.question_parser import parse_question
from svqa.temporal.moments import expected_moments, rising_moments
from svqa.temporal.prior import load_prior, without_time_words

BESIDE_S = 10.0  # how far from an event "after" and "before" reach
# standard scores over the rest of the video; what stands out less was not seen to happen
LEAST_EVENT = 1.0

# "at the end" of boxes, which tell each second: so much of the video, at least a second
EDGE_SHARE, LEAST_EDGE_S = 1 / 8, 1.0
_HALF = re.compile(r" ?\b(?:in|during) the (?P<which>first|second|last) half(?: of the \w+)?\b")

Scores = Callable[[str], tuple[np.ndarray, np.ndarray]]
"""A description -> (start of each moment in seconds (N,), how well it fits (N,) in standard
scores).
"""


@dataclass(frozen=True)
class TimeScope:
    """What is asked about `[start_s, end_s)`."""

    text: str
    start_s: float
    end_s: float


def find_time_scope(
    question: str, scores_of: Scores, *, end_s: float, cuts_s: Sequence[float] = ()
) -> TimeScope | None:
    """-> the seconds that the words point at; at the start and the end they follow the cuts.

    None where they point at none, or at an event that is not found.
    """
    form = parse_question(question)
    if form.kind != "when" and (half := _HALF.search(question.lower())):
        text = question[: half.start()] + question[half.end() :]
        middle_s = end_s / 2
        return TimeScope(
            text, *((0.0, middle_s) if half["which"] == "first" else (middle_s, end_s))
        )
    if form.moment and form.kind != "when":
        text = without_time_words(question)
        t_s, scores = scores_of(text)
        prior = load_prior()
        spans, weights = prior.spans(question, end_s)
        (best,) = expected_moments(
            scores,
            t_s,
            end_s=end_s,
            spans=spans,
            weights=weights,
            content_weight=prior.content_weight,
        )
        return _to_cut(TimeScope(text, best.start_s, best.end_s), form.moment, cuts_s)
    if form.relation in ("after", "before", "while") and form.event and form.kind != "when":
        return _beside(form.main, form.relation, *scores_of(form.event), end_s)
    return None


def narrowed(scope: TimeScope, question: str, *, end_s: float) -> TimeScope:
    """-> the first or last seconds alone, where it asks whether or how many at the start or end.

    >>> wide = TimeScope("is there a dog?", 0.0, 12.0)
    >>> narrowed(wide, "Is there a dog at the beginning?", end_s=30.0).end_s
    3.75
    """
    form = parse_question(question)
    if form.kind not in ("count", "yes_no") or form.moment not in ("start", "end"):
        return scope
    edge_s = min(max(LEAST_EDGE_S, EDGE_SHARE * end_s), end_s)
    if form.moment == "start":
        return TimeScope(scope.text, 0.0, edge_s)
    return TimeScope(scope.text, end_s - edge_s, end_s + LEAST_EDGE_S)


def _to_cut(scope: TimeScope, moment: str, cuts_s: Sequence[float]) -> TimeScope:
    """The start up to its last cut, the end from its first, where half of the scope is left."""
    middle_s = (scope.start_s + scope.end_s) / 2
    if moment == "start":
        end_s = max((t for t in cuts_s if middle_s <= t < scope.end_s), default=scope.end_s)
        return TimeScope(scope.text, scope.start_s, end_s)
    if moment == "end":
        start_s = min((t for t in cuts_s if scope.start_s < t <= middle_s), default=scope.start_s)
        return TimeScope(scope.text, start_s, scope.end_s)
    return scope


def _beside(
    text: str, relation: str, t_s: np.ndarray, scores: np.ndarray, end_s: float
) -> TimeScope | None:
    found = rising_moments(scores, t_s, end_s=end_s, k=1)
    if not found or scores.max() < LEAST_EVENT:
        return None
    event = found[0]
    spans = {
        "after": (event.end_s, min(event.end_s + BESIDE_S, end_s)),
        "before": (max(0.0, event.start_s - BESIDE_S), event.start_s),
        "while": (event.start_s, event.end_s),
    }
    start_s, stop_s = spans[relation]
    return TimeScope(text, start_s, stop_s) if stop_s - start_s > 1e-6 else None
