"""An output of any model -> its words, and how good they are against references."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from svqa.errors import UsageError, unknown_name
from svqa.metrics.answers import AnswerQuality, evaluate_answer_quality
from svqa.records import Answer

METRIC = "accuracy"  # the share of answers that match a reference exactly, after normalisation


def words_of(output: Any) -> str:
    """-> what an output says, in words.

    An answer's text ("" if it abstained), captions and utterances joined, text as it is.
    """
    if isinstance(output, Answer):
        return "" if output.abstained else output.text
    if isinstance(output, (list, tuple)):
        return " ".join(words_of(part) for part in output)
    return getattr(output, "text", None) or ("" if output is None else str(output))


def check_metric(metric: str, *, hint: str = "") -> None:
    """Raises UsageError, which lists the known ones, for a metric that `value_of` does not have."""
    fields = (f.name for f in dataclasses.fields(AnswerQuality))
    known = [METRIC, *(n for n in fields if n not in ("references", "semantic_similarity"))]
    if metric not in known:
        raise UsageError(unknown_name("metric", metric, known) + hint)


def value_of(output: Any, reference: str | Sequence[str], metric: str) -> float:
    """-> how good an output is by a metric, 0 to 1; an abstention is wrong."""
    quality = evaluate_answer_quality(words_of(output), reference)
    return getattr(quality, "exact_match" if metric == METRIC else metric)
