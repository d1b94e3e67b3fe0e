"""Question, options and lines -> one score an option.

The multiple-choice half of the evidence answerer.

Nothing is trained. An option is matched by what it adds to the question, `v(question + option) -
0.7 v(question)`: without the subtraction every option finds the lines that repeat the question's
own words. A line is matched by what it says beyond any caption, `v(line) - 0.6 v(boilerplate)`:
without it "The background features ..." is near everything. What each step is worth on NExT-QA:
`experiments/nextqa_ablation/result.json`, made by `python -m svqa.evaluation.nextqa --ablation`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.answering.sentence_scoring import Lines
from svqa.language.tokenization import content_stems
from svqa.models.base import TextEncoder

BEST = 5  # lines averaged: one line may match by accident, five seldom do
QUESTION_SHARE = 0.7
BOILERPLATE_SHARE = 0.6
# Sentences that fit almost any picture; their mean is what captions have in common.
BOILERPLATE = (
    "The image shows a scene.",
    "There is a person in the picture.",
    "The image appears to be taken in a room.",
    "A man is standing next to a woman.",
    "The background features a wall and some furniture.",
    "Someone is wearing a shirt and pants.",
    "There are trees and buildings in the background.",
    "The person on the left is looking at something.",
    "A child is sitting on the floor.",
    "There are several people outdoors.",
    "An object can be seen on the table.",
    "The scene is well lit.",
)


def score_options(
    question: str, options: Sequence[str], lines: Lines, encoder: TextEncoder
) -> np.ndarray:
    """-> (K,) one score an option, a mean cosine; zeros where there are no lines."""
    if not len(lines):
        return np.zeros(len(options))
    return mean_of_best(
        beyond_boilerplate(lines, encoder) @ added_by_options(question, options, encoder).T
    )


def beyond_boilerplate(lines: Lines, encoder: TextEncoder) -> np.ndarray:
    """-> (N, D) rows of length 1: what each line says beyond what any caption says."""
    return unit(lines.vectors - BOILERPLATE_SHARE * encoder.encode_text(BOILERPLATE).mean(axis=0))


def added_by_options(question: str, options: Sequence[str], encoder: TextEncoder) -> np.ndarray:
    """-> (K, D) rows of length 1.

    The direction in which each option moves the question's meaning.
    """
    together = encoder.encode_text([f"{question} {option}" for option in options])
    return unit(together - QUESTION_SHARE * encoder.encode_text([question])[0])


def word_overlap(options: Sequence[str], lines: Lines) -> np.ndarray:
    """-> (K,) the share of each option's content stems that occur in the lines.

    0 for an option without any.
    """
    seen = frozenset().union(*lines.stems)
    stems = [frozenset(content_stems(option)) for option in options]
    return np.array([len(s & seen) / len(s) if s else 0.0 for s in stems])


def mean_of_best(similarity: np.ndarray) -> np.ndarray:
    """(N, K) -> (K,) the mean of each column's `BEST` largest."""
    return np.sort(similarity, axis=0)[-BEST:].mean(axis=0)


def standardise(values: np.ndarray) -> np.ndarray:
    """(K,) -> (K,) with mean 0 and deviation 1; zeros where all are alike."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def unit(vectors: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, D), rows of length 1; a row of zeros stays."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
