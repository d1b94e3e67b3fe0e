"""How a mutant's tests ended -> whether they saw it: only what failed or crashed did."""

from __future__ import annotations

import signal

import pytest

from tests.mutation.__main__ import what_it_says
from tests.mutation.forks import TOO_LONG


@pytest.mark.parametrize(
    ("exit_code", "outcome"),
    [
        (0, "survived"),
        (1, "killed"),
        (2, "killed"),  # its module could not be imported
        (-signal.SIGSEGV, "killed"),
        (TOO_LONG, "too long"),
        (pytest.ExitCode.INTERNAL_ERROR, "not run"),
        (pytest.ExitCode.USAGE_ERROR, "not run"),
        (pytest.ExitCode.NO_TESTS_COLLECTED, "not run"),
        (70, "not run"),  # before pytest began
    ],
)
def test_only_tests_that_failed_or_crashed_saw_a_mutant(exit_code, outcome):
    assert what_it_says(exit_code) == outcome
