"""`svqa serve` in a process of its own, which may speak to this machine alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[str]:
    """-> the address with its token, of the library `svqa.db` of a folder."""
    run = [sys.executable, "-W", "ignore", "-m", "svqa", "serve", "--port", "0", *words]
    environment = {**os.environ, "SVQA_TEST_LOOPBACK": "1"}
    process = subprocess.Popen(
        run,
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.match(r"Open (http://\S+)", said)
        assert found, said + process.stderr.read()
        yield found[1]
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()
