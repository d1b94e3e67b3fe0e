"""Tests -> which lines of the package each of them reaches, and how long it takes: kept in a file.

What a fixture reaches counts for every test of the file, since any of them may look at it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.forks import in_fork
from tests.mutation.mutants import FOLDERS, REPOSITORY, lines_of_statement

TESTS = (*(f"tests/{folder}" for folder in FOLDERS), "tests/specification", "tests/evaluation")
LONGEST_S = 10.0  # a test that takes longer is left out
MOST_S = 30.0  # of all that are run for one mutant, the quickest first
# no plugin that takes seconds to load and is of no use here
UNUSED = ("cacheprovider", "nbval", "xdist", "pytest_cov", "playwright", "axe")
OPTIONS = ("-q", "-m", "not slow", "--no-header", "-rN", *(f"-pno:{name}" for name in UNUSED))


@dataclass(frozen=True)
class Reached:
    """`seconds` by test, `tests` by line by file of the package."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]

    def of(self, path: str, line: int) -> list[str]:
        """-> the tests that reach a line, quickest first: of its own folder, if there are any.

        What runs when the module is imported is reached by all that reach any of its lines.
        """
        lines = self.tests.get(path, {})
        here = {t for i in lines_of_statement(path, line) for t in lines.get(i, ())}
        found = here or {t for tests in lines.values() for t in tests}
        own = {t for t in found if t.startswith(f"tests/{path.split('/')[1]}/")}
        order = sorted((t for t in own or found), key=self.seconds.__getitem__)
        spent = list(accumulate(self.seconds[t] for t in order))
        return [
            t
            for t, s in zip(order, spent, strict=True)
            if s <= MOST_S and self.seconds[t] <= LONGEST_S
        ]

    @classmethod
    def load(cls, path: Path) -> Reached:
        """The file, brought up to date first: test files that changed are run, the others are not.

        Where the package changed, all are, because its lines are others.
        """
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        now = {"sources": _hashes("svqa"), "files": _hashes(*TESTS)}
        if kept.get("sources") != now["sources"]:
            kept = {"files": {}, "seconds": {}, "tests": {}}
        stale = [f for f, of in now["files"].items() if kept["files"].get(f) != of]
        tests = [f for f in stale if Path(f).name.startswith("test_")]
        if tests:
            path.parent.mkdir(parents=True, exist_ok=True)
            if (code := in_fork(lambda: _write(path, kept, now, tests), 1800)) != 0:
                raise SystemExit(f"The tests fail without any mutant (exit {code}).")
            kept = json.loads(path.read_text(encoding="utf-8"))
        by_line = {f: {int(n): t for n, t in of.items()} for f, of in kept["tests"].items()}
        return cls(kept["seconds"], by_line)


def _hashes(*folders: str) -> dict[str, str]:
    """-> file -> hash of its bytes, of all Python below these folders."""
    found = (p for folder in folders for p in sorted((REPOSITORY / folder).rglob("*.py")))
    return {
        p.relative_to(REPOSITORY).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in found
    }


def _write(path: Path, kept: dict[str, Any], now: dict[str, Any], files: list[str]) -> int:
    sources = [str(REPOSITORY / "svqa" / folder) for folder in FOLDERS]
    measured = coverage.Coverage(data_file=None, source=sources, config_file=False)
    watch = _Watch(measured)
    measured.start()
    code = pytest.main([*OPTIONS, *files], plugins=[watch])
    measured.stop()
    if code:
        return int(code)

    def still(tests: Iterable[str]) -> set[str]:
        return {t for t in tests if t.partition("::")[0] not in files}

    seconds = {t: kept["seconds"][t] for t in still(kept["seconds"])} | watch.seconds
    lines: dict[str, dict[str, set[str]]] = {
        file: {line: still(tests) for line, tests in of.items()}
        for file, of in kept["tests"].items()
    }
    data = measured.get_data()
    for name in data.measured_files():
        of = lines.setdefault(Path(name).relative_to(REPOSITORY).as_posix(), {})
        for line, contexts in data.contexts_by_lineno(name).items():
            of.setdefault(str(line), set()).update(t for c in contexts for t in watch.tests_of(c))
    plain = {f: {n: sorted(tests) for n, tests in of.items()} for f, of in lines.items()}
    path.write_text(json.dumps({**now, "seconds": seconds, "tests": plain}), encoding="utf-8")
    return 0


class _Watch:
    """A plugin of pytest: what runs is the test's, or that of all tests of its file."""

    def __init__(self, measured: coverage.Coverage):
        self.measured = measured
        self.seconds: dict[str, float] = {}

    def tests_of(self, context: str) -> list[str]:
        """-> the tests of a context; none of that in which modules are imported."""
        file, _, setup = context.partition("|")
        if setup:
            return [t for t in self.seconds if t.startswith(f"{file}::")]
        return [context] if context in self.seconds else []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: Any) -> Any:
        self.measured.switch_context(f"{item.nodeid.partition('::')[0]}|setup")
        began = time.process_time()
        yield
        self.seconds[item.nodeid] = time.process_time() - began

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: Any) -> Any:
        self.measured.switch_context(item.nodeid)
        began = time.process_time()
        yield
        self.seconds[item.nodeid] += time.process_time() - began

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item: Any) -> Any:
        self.measured.switch_context("")
        yield
