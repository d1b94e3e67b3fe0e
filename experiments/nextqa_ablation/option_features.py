"""Question, options and a video's lines -> (K, 18): what a trained re-ranker sees of each option.

Every feature is a standard score over the options of its question: what counts is which option has
more of it, not how much. No feature knows where an option stands in the list, what other questions
of the video ask, or what is right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.answering.option_scoring import (
    added_by_options,
    beyond_boilerplate,
    mean_of_best,
    standardise,
    word_overlap,
)
from svqa.answering.sentence_scoring import Lines, support
from svqa.language.question_parser import parse_question
from svqa.language.tokenization import content_stems, words
from svqa.models.base import TextEncoder
from svqa.retrieval import Lexicon

NAMES = (
    "added by the option, best lines (the method)",
    "added by the option, best line",
    "added by the option, mean of the lines",
    "added by the option to the question without its event",
    "added by the option, during the event",
    "added by the option, after the event",
    "added by the option, before the event",
    "option alone",
    "option alone, lines without boilerplate",
    "question + option",
    "question + option, support of the best line",
    "words found in the lines",
    "BM25 of the best line",
    "nearness to the question",
    "words shared with the question",
    "nearness to the other options",
    "words shared with the other options",
    "length in words",
)
TIME_WEIGHT = 0.03
_SHARPNESS = 15.0  # of "the event is here", on cosines
_LEAST = 0.05  # of a second that is on the event's other side


def option_features(
    question: str, options: Sequence[str], lines: Lines, encoder: TextEncoder
) -> np.ndarray:
    """-> (K, len(NAMES)) standard scores over the K options; 0 where all are alike."""
    options, form = list(options), parse_question(question)
    asked, alone = encoder.encode_text([question])[0], encoder.encode_text(options)
    together = [f"{question} {option}" for option in options]
    beyond, words_of = beyond_boilerplate(lines, encoder), Lexicon(lines.texts)
    added = beyond @ added_by_options(question, options, encoder).T  # (N, K)
    event = event_weights(lines, form.event or question, encoder)
    stems = [frozenset(content_stems(option)) for option in options]
    columns = [
        mean_of_best(added),
        added.max(axis=0),
        added.mean(axis=0),
        mean_of_best(beyond @ added_by_options(form.main or question, options, encoder).T),
        *(mean_of_best(weighed(added, event[side])) for side in ("while", "after", "before")),
        mean_of_best(lines.vectors @ alone.T),
        mean_of_best(beyond @ alone.T),
        mean_of_best(lines.vectors @ encoder.encode_text(together).T),
        np.array([support(lines, text, encoder).max() for text in together]),
        word_overlap(options, lines),
        np.array([words_of.scores(option).max() for option in options]),
        alone @ asked,
        np.array([_share(s, frozenset(content_stems(question))) for s in stems]),
        (alone @ alone.T).sum(axis=0) - 1,
        np.array([_shared_with_others(stems, k) for k in range(len(options))]),
        np.array([len(words(option)) for option in options]),
    ]
    return np.stack([standardise(np.asarray(c, np.float64)) for c in columns], axis=1)


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


def weighed(similarity: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N, K), (N,) -> (N, K): lines at the wrong time fit a little less."""
    return similarity + TIME_WEIGHT * np.log(weight + _LEAST)[:, None]


def _share(of: frozenset[str], others: frozenset[str]) -> float:
    return len(of & others) / len(of) if of else 0.0


def _shared_with_others(stems: Sequence[frozenset[str]], k: int) -> float:
    """Mean Jaccard index of an option's stems with each other option's."""
    rest = [other for i, other in enumerate(stems) if i != k]
    either = [len(stems[k] | other) or 1 for other in rest]
    return float(np.mean([len(stems[k] & o) / n for o, n in zip(rest, either, strict=True)]))
