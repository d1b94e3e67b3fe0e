"""The linter has nothing to say, so that what it says next is seen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.imports import REPOSITORY


def test_the_linter_has_nothing_to_say():
    pytest.importorskip("ruff", reason="ruff comes with svqa[dev]")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "svqa", "tests"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
