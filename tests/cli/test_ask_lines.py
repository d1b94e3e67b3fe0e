"""`svqa ask -`: questions from standard input, one by one or as many as have come."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

COME = """
import json, sys
from svqa.cli.ask import _come
for lines in _come(int(sys.argv[1])):
    print(json.dumps(lines))
"""


def come(most: int, said: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a process makes of these bytes on its standard input."""
    run = [sys.executable, "-c", COME, str(most)]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as in a terminal's locale
    return subprocess.run(run, input=said, capture_output=True, timeout=60, env=strict)


@pytest.mark.parametrize("most", [1, 2, 100])
def test_every_line_comes_once_and_in_order(most):
    lines = [f"question {number}?" for number in range(7)]
    done = come(most, ("\n\n".join(lines) + "\n").encode())
    groups = [json.loads(text) for text in done.stdout.splitlines()]
    assert [line for group in groups for line in group] == lines
    assert max(map(len, groups)) <= most


@pytest.mark.parametrize("most", [1, 4])
def test_a_line_that_is_not_text_is_told_and_nobody_waits_for_more(most):
    done = come(most, b"What is this?\nEine K\xfcche?\nAnd this?\n")
    last = done.stderr.decode().strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("svqa.errors.UsageError: Questions are lines of utf-8 text, got")
    assert "0xfc" in last
