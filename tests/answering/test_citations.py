"""What is said of the nearest line does not contradict its number."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from svqa.answering.citations import closest

LINES = SimpleNamespace(
    texts=("A dog runs.", "We see a tie."),
    spans=np.array([[0.0, 2.0], [2.0, 4.0]]),
    spoken=np.array([False, False]),
)


@pytest.mark.parametrize(
    ("score", "end"),
    [(0.30, "which matches by 0.30; 0.40 or more is needed."), (0.53, "which matches by 0.53.")],
    ids=["too far", "near enough, and yet no answer"],
)
def test_more_is_called_for_only_where_the_nearest_line_is_too_far(score, end):
    said = closest(np.array([0.1, score]), 0.4, LINES)
    assert said.startswith('The closest thing seen is "We see a tie." at ') and said.endswith(end)
