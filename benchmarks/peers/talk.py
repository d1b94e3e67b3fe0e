"""A job's function -> a process that does it whenever a line comes, and says what it came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def serve(run: Callable[[], Any]) -> None:
    """In the peer's process: for each line of standard input, run and answer with seconds."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    for _ in sys.stdin:
        begin = time.perf_counter()
        result = run()
        out.write(json.dumps({"seconds": time.perf_counter() - begin, "result": result}) + "\n")
        out.flush()


class Side:
    """One way to do a job, in a process of its own that has loaded what it needs."""

    def __init__(self, python: Path, job: str, way: str, film: Path):
        # a pipe that nobody reads would stop it once it is full
        self._said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), "-m", f"benchmarks.peers.scripts.{job}", way, str(film)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def run(self) -> tuple[float, Any]:
        """-> (seconds, result). Raises RuntimeError with its last words where it died."""
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write("again\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            self._process.wait(timeout=30)
            self._said.seek(0)
            raise RuntimeError(self._said.read()[-400:]) from None
        return answer["seconds"], answer["result"]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
        self._said.close()
