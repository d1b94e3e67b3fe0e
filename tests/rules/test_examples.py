"""The examples in docstrings do what they say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.imports import REPOSITORY


@pytest.mark.slow
def test_every_example_of_a_docstring_runs():
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    where = ["--doctest-modules", "svqa", "--ignore", "svqa/database/migrations"]
    done = subprocess.run([*command, *where], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
