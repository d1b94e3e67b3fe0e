"""The linter and the formatter have nothing to say about anything here, notebooks included."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.imports import REPOSITORY


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(words):
    pytest.importorskip("ruff", reason="ruff comes with svqa[dev]")
    command = [sys.executable, "-m", "ruff", *words, "."]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
