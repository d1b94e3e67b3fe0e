"""Question, options and a video's lines -> what a trained re-ranker sees of each option.

No feature knows where an option stands in the list, what other questions of the video ask, or what
is right. What other videos' captions say is in `background.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.answering.option_scoring import (
    added_by_options,
    beyond_boilerplate,
    mean_of_best,
    unit,
    word_overlap,
)
from svqa.answering.sentence_scoring import Lines
from svqa.language.question_parser import parse_question
from svqa.language.tokenization import STOP_WORDS, content_stems, words
from svqa.models.base import TextEncoder

DIRECTIONS = ("added to the question", "added to the statement", "option alone")
NAMES = (
    *(
        f"{name}, {how}"
        for name in DIRECTIONS
        for how in ("best lines", "best line", "mean of the lines")
    ),
    "statement with the option",
    "question with the option, lines with their boilerplate",
    "option alone, lines with their boilerplate",
    "words found in the lines",
    "lines that have a word of it",
    "most of its words in one line",
    "words shared with the question",
    "its words' nearness to words of the lines, mean",
    "its words' nearness to words of the lines or question, least",
    "nearness to the question",
    "nearness to the statement",
    "nearness to the event",
    "question with the option, nearness to the question",
    "nearness to the other options, as added to the question",
    "words shared with the other options",
    "length in words",
)
_STATEMENT_SHARE = 0.7
_ASKING = re.compile(r"^(how many|what|why|how|where|who|which|when)\b\s*")
_AUXILIARY = re.compile(r"^(is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b\s*")
_DOING = re.compile(r"\s*\b(doing|do|react|feel|responding|respond)$")


@dataclass(frozen=True, eq=False)
class ReadVideo:
    """A video's lines; `beyond (N, D)` is what each says beyond any caption.

    `word_vectors (W, D)` are of the lines' different words.
    """

    lines: Lines
    beyond: np.ndarray
    word_vectors: np.ndarray


@dataclass(frozen=True, eq=False)
class OptionTraits:
    """`values (K, len(NAMES))`, `directions (len(DIRECTIONS), K, D)` and the stems of K options.

    `asked` are the question's stems.
    """

    values: np.ndarray
    directions: np.ndarray
    stems: tuple[frozenset[str], ...]
    asked: frozenset[str]


def read_video(lines: Lines, encoder: TextEncoder) -> ReadVideo:
    """What all questions about a video share."""
    told = sorted({w for text in lines.texts for w in words(text)} - STOP_WORDS)
    return ReadVideo(lines, beyond_boilerplate(lines, encoder), encoder.encode_text(told))


def option_traits(
    question: str, options: Sequence[str], video: ReadVideo, encoder: TextEncoder
) -> OptionTraits:
    """-> the K options' features and vectors."""
    options, form, lines = list(options), parse_question(question), video.lines
    stated = statement(form.main or question) or question
    told = [question, stated, form.event or question, *options]
    told += [f"{begun} {option}" for begun in (question, stated) for option in options]
    about, rest = np.split(encoder.encode_text(told), [3])
    alone, with_question, with_statement = np.split(rest, 3)
    added = added_by_options(question, options, encoder)
    directions = np.stack([added, unit(with_statement - _STATEMENT_SHARE * about[1]), alone])
    stems = tuple(frozenset(content_stems(option)) for option in options)
    asked = frozenset(content_stems(question))
    columns = [
        *(column for d in directions for column in _fit(video.beyond @ d.T)),
        mean_of_best(video.beyond @ with_statement.T),
        mean_of_best(lines.vectors @ with_question.T),
        mean_of_best(lines.vectors @ alone.T),
        word_overlap(options, lines),
        *zip(*(_in_lines(own, lines) for own in stems), strict=True),
        [len(own & asked) for own in stems],
        *_near_words(question, options, video, encoder),
        *(about @ alone.T),
        with_question @ about[0],
        (added @ added.T).sum(axis=0),
        [_shared_with_others(stems, k) for k in range(len(options))],
        [len(words(option)) for option in options],
    ]
    values = np.stack([np.asarray(c, np.float64) for c in columns], axis=1)
    return OptionTraits(values, directions, stems, asked)


def statement(question: str) -> str:
    """What a question says before it asks.

    >>> statement("why did the boy pick up the ball"), statement("what does the dog do")
    ('the boy pick up the ball', 'the dog')
    """
    return _DOING.sub("", _AUXILIARY.sub("", _ASKING.sub("", question)))


def _fit(similarity: np.ndarray) -> tuple[np.ndarray, ...]:
    return mean_of_best(similarity), similarity.max(axis=0), similarity.mean(axis=0)


def _in_lines(stems: frozenset[str], lines: Lines) -> tuple[float, float]:
    """Share of lines that have a stem of it, and the largest share of its stems in one line."""
    found = np.array([len(stems & line) for line in lines.stems])
    return float((found > 0).mean()), float(found.max() / max(1, len(stems)))


def _near_words(
    question: str, options: Sequence[str], video: ReadVideo, encoder: TextEncoder
) -> tuple[list[float], list[float]]:
    """How near each option's words are to the nearest word of the lines, or of the question too."""
    own = [[w for w in words(option) if w not in STOP_WORDS] or [option] for option in options]
    asked = sorted(set(words(question)) - STOP_WORDS) or [question]
    different = sorted({w for some in own for w in some})
    vectors = encoder.encode_text([*different, *asked])
    here, there = vectors[: len(different)], vectors[len(different) :]
    said = dict(zip(different, (here @ video.word_vectors.T).max(axis=1), strict=True))
    either = {
        w: max(said[w], near)
        for w, near in zip(different, (here @ there.T).max(axis=1), strict=True)
    }
    mean = [float(np.mean([said[w] for w in some])) for some in own]
    return mean, [float(min(either[w] for w in some)) for some in own]


def _shared_with_others(stems: Sequence[frozenset[str]], k: int) -> float:
    """Mean Jaccard index of an option's stems with each other option's."""
    rest = [other for i, other in enumerate(stems) if i != k]
    either = [len(stems[k] | other) or 1 for other in rest]
    return float(np.mean([len(stems[k] & o) / n for o, n in zip(rest, either, strict=True)]))
