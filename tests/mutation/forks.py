"""A function -> its exit code, run in a copy of this process that has everything heavy loaded.

The copy begins without svqa, so that it can be given a changed module of it, and with what takes
seconds to import.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import CodeType
from typing import Any

from tests.mutation.mutants import REPOSITORY

TOO_LONG = -99
HEAVY = ("numpy", "scipy.stats", "pandas", "torch", "transformers", "peft", "accelerate", "PIL")
MORE = (
    "sqlalchemy",
    "av",
    "cv2",
    "hypothesis",
    "torchvision",
    "torchmetrics",
    "bm25s",
    "pytest",
    "_pytest.pytester",
)


def load_heavy() -> None:
    """Import what the tests need and what is not svqa."""
    for name in (*HEAVY, *MORE):
        importlib.import_module(name)
    assert not any(name.split(".")[0] == "svqa" for name in sys.modules)


def in_fork(work: Callable[[], int], most_s: float) -> int:
    """-> the exit code of `work`, or TOO_LONG after so many seconds of the processor.

    Not of the clock: on a busy machine what is slow would look like what never ends. Only one that
    waits for ever is ended by the clock, after ten times as many.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_CPU, (int(most_s) + 1, int(most_s) + 2))
            if not os.environ.get("MUTATION_LOUD"):
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1)
                os.dup2(quiet, 2)
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    end = time.monotonic() + 10 * most_s
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return TOO_LONG if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TOO_LONG


def put_in_place(path: str, code: str) -> None:
    """From here on the module of this file is `code`."""
    name = path.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Changed(name, path, code))


class _Changed(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: str, code: str):
        self.name, self.file, self.code = name, str(REPOSITORY / path), code

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(
            fullname, self.file, loader=_Loader(fullname, self.file, self.code)
        )


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, file: str, code: str):
        super().__init__(name, file)
        self.changed = code

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.changed, self.path, "exec", dont_inherit=True)
