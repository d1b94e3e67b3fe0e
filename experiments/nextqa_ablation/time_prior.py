"""Lines and an event -> which lines are after, before or during it, and options scored by these.

Tried, and no part of the method: on NExT-QA it changes nothing that can be told from zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.answering.option_scoring import (
    added_by_options,
    beyond_boilerplate,
    mean_of_best,
    score_options,
)
from svqa.answering.sentence_scoring import Lines
from svqa.language.question_parser import parse_question
from svqa.models.base import TextEncoder

TIME_WEIGHT = 0.03
_SHARPNESS = 15.0  # of "the event is here", on cosines
_LEAST = 0.05  # of a second that is on the event's other side


def score_with_time_prior(
    question: str, options: Sequence[str], lines: Lines, encoder: TextEncoder
) -> np.ndarray:
    """The method with lines weighed by when they are.

    After, before or at the second that best fits the event.
    """
    form = parse_question(question)
    if form.relation not in ("after", "before", "while") or not form.event:
        return score_options(question, options, lines, encoder)
    similarity = beyond_boilerplate(lines, encoder) @ added_by_options(question, options, encoder).T
    weight = event_weights(lines, form.event, encoder)[form.relation]
    return mean_of_best(similarity + TIME_WEIGHT * np.log(weight + _LEAST)[:, None])


def event_weights(lines: Lines, event: str, encoder: TextEncoder) -> dict[str, np.ndarray]:
    """-> (N,) in [0, 1] for lines `after`, `before` and `while` the second that best fits `event`.

    How likely it is that the event has happened, has not yet, or is happening.
    """
    seconds, index = np.unique(lines.spans[:, 0], return_inverse=True)
    fit = np.full(len(seconds), -1.0)
    np.maximum.at(fit, index, lines.vectors @ encoder.encode_text([event])[0])
    here = np.exp(_SHARPNESS * (fit - fit.max()))
    here /= here.sum()
    passed = np.cumsum(here)
    sides = {"after": passed, "before": 1 - passed + here, "while": here / here.max()}
    return {side: weight[index] for side, weight in sides.items()}
