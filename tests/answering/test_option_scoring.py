"""Options by hand: what an option adds to the question, what a line says beyond any caption."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.answering.option_scoring import (
    BEST,
    BOILERPLATE,
    BOILERPLATE_SHARE,
    QUESTION_SHARE,
    added_by_options,
    beyond_boilerplate,
    mean_of_best,
)
from svqa.answering.sentence_scoring import read_passages
from svqa.records import Evidence

ANY, DOG, QUESTION = np.eye(3, dtype=np.float32)


class Encoder:
    """What any caption says, a dog, and the question, each a direction of its own."""

    model_id, dim = "directions@1", 3

    def encode_text(self, texts):
        return np.array([self._of(text) for text in texts], np.float32).reshape(-1, 3)

    def _of(self, text: str) -> np.ndarray:
        if text in BOILERPLATE:
            return ANY
        parts = (QUESTION * ("who" in text), DOG * ("dog" in text), ANY * ("scene" in text))
        total = np.sum(parts, axis=0)
        return total / np.linalg.norm(total)


def test_a_line_counts_for_what_it_says_beyond_any_caption():
    lines = read_passages([Evidence("v", "v.mp4", 0, 5, 0, "caption", "a dog scene")], Encoder())
    (found,) = beyond_boilerplate(lines, Encoder())
    left = (ANY + DOG) / np.sqrt(2) - BOILERPLATE_SHARE * ANY
    np.testing.assert_allclose(found, left / np.linalg.norm(left), atol=1e-6)
    assert found @ DOG > 0.95 > lines.vectors[0] @ DOG


def test_an_option_counts_for_what_it_adds_to_the_question():
    (found,) = added_by_options("who is it", ["a dog"], Encoder())
    left = (QUESTION + DOG) / np.sqrt(2) - QUESTION_SHARE * QUESTION
    np.testing.assert_allclose(found, left / np.linalg.norm(left), atol=1e-6)


def test_the_best_lines_are_averaged_and_no_others():
    column = np.arange(10.0)[:, None]
    assert mean_of_best(column).tolist() == [pytest.approx(column[-BEST:].mean())]
