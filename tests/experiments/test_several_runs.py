from __future__ import annotations

import numpy as np
import pytest

from experiments.several_runs import figure_of_runs
from svqa.metrics.results import bootstrap_over_groups

GROUPS = [str(i // 4) for i in range(400)]


def drawn(rng: np.random.Generator, between: float, runs: int = 8) -> np.ndarray:
    """Runs whose own level lies `between` (a standard deviation) around a half."""
    level = 0.5 + between * rng.standard_normal((runs, 1))
    return (rng.random((runs, 400)) < level).astype(float)


def test_runs_that_agree_have_the_interval_over_groups():
    values = (np.random.default_rng(0).random(400) < 0.5).astype(float)
    alone = bootstrap_over_groups(values, GROUPS, 0)
    assert figure_of_runs(np.stack([values, values]), GROUPS, 0) == alone


def test_the_interval_holds_what_further_runs_would_give():
    """A single run's interval does not: runs differ by more than their videos say."""
    held, alone = 0, 0
    for i in range(200):
        values = drawn(np.random.default_rng(i), between=0.06)
        several, one = (
            figure_of_runs(values, GROUPS, i),
            bootstrap_over_groups(values[0], GROUPS, i),
        )
        held += several.low <= 0.5 <= several.high
        alone += one.low <= 0.5 <= one.high
    assert held >= 186 and alone < 150, (held, alone)


def test_one_run_is_refused_and_bounds_are_kept():
    with pytest.raises(ValueError, match="several runs"):
        figure_of_runs(np.ones((1, 4)), [*"abcd"], 0)
    figure = figure_of_runs(np.array([[1.0, 1, 1, 1], [0, 0, 0, 0]]), [*"abcd"], 0)
    assert (figure.low, figure.high) == (0.0, 1.0)
