"""P20: what `import svqa` costs beside `import numpy`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.harness import Benchmark, Case

IMPORT = Benchmark("P20", "import svqa", "import numpy", 2.0)
BENCHMARKS = (IMPORT,)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields P20; both sides pay for starting Python."""

    def load(module: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", f"import {module}"], check=True, capture_output=True, text=True
        ).stdout

    yield iter([Case(IMPORT, lambda: load("svqa"), lambda: load("numpy"), str.__eq__)])
