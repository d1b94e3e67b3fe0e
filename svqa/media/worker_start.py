"""Descriptors -> a worker process that has them: a copy of one whose libraries are loaded.

Where that cannot be (not Linux, an old kernel, no way to start another process) it is started anew.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

COMMAND = (sys.executable, "-m", "svqa.media.worker")
_TEMPLATE = (sys.executable, "-m", "svqa.media.worker_template")
_HEEDED_AT_START = ("PYTHON", "LD_", "SVQA_", "MALLOC_", "COVERAGE_")


class Process(Protocol):
    """What is used of a process: `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None:
        """-> its exit code, minus a signal's number; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The same, waited for. Raises subprocess.TimeoutExpired."""


def start_worker(
    command: tuple[str, ...], job: BinaryIO, out: BinaryIO, log: BinaryIO, files: list[int]
) -> tuple[Process, list[int]]:
    """-> a process in a group of its own, and the numbers that `files` have there.

    It reads `job` as its standard input, writes `out` and `log`. Its process id is not used anew
    before `wait` or `poll` has told that it ended.
    """
    if command == COMMAND and (template := _template()) is not None:
        try:
            pid = template.fork([job.fileno(), out.fileno(), log.fileno(), *files])
            return _Copy(template, pid), [3 + n for n in range(len(files))]
        except (OSError, ValueError):  # it was killed, or died: the next one may live
            _forget(template)
    process = subprocess.Popen(
        command,
        stdin=job,
        stdout=out,
        stderr=log,
        pass_fds=files,
        process_group=0,
        env=_environment(),
    )
    return process, files


def template_pids() -> set[int]:
    """Of the process that workers are copies of: the one child that stays when its work is done."""
    return {template.pid for template in [*_kept.values()]}


class _Template:
    """The process whose copies are workers; it ends with this object, or with this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._busy = False
        self._left: deque[int] = deque()  # copies that ended, and nobody asks how
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                (*_TEMPLATE, str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                process_group=0,
                env=_environment(),
            )
        self.pid = process.pid
        weakref.finalize(self, _end_template, os.getpid(), process, self._socket)

    def fork(self, descriptors: list[int]) -> int:
        """-> the process id of a copy. Raises OSError, ValueError where it has gone."""
        with self._lock:
            return self._answer(b"fork", descriptors)

    def exit_code(self, pid: int) -> int:
        """Of a copy that has ended; how, nobody knows where the template was killed as well."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if not self._busy:
                return self._answer(str(pid).encode())
            # a finalizer, run by this thread between a question and its answer
            self._left.append(pid)
        return -signal.SIGKILL

    def _answer(self, question: bytes, descriptors: Sequence[int] = ()) -> int:
        self._busy = True
        try:
            while self._left:
                self._socket.send(str(self._left.popleft()).encode())
                self._socket.recv(64)
            socket.send_fds(self._socket, [question], descriptors)
            return int(self._socket.recv(64))
        except BaseException:
            # the answer, if one comes, would be taken for that of the next question
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            raise
        finally:
            self._busy = False


class _Copy:
    """A copy of the template, which alone may ask the system how it ended."""

    def __init__(self, template: _Template, pid: int):
        self.pid, self._template = pid, template
        self._ended = os.pidfd_open(pid)
        self._code: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        try:
            return self.wait(0.0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        with self._lock:
            if self._code is None:
                ready = select.poll()
                ready.register(self._ended, select.POLLIN)
                if not ready.poll(None if timeout is None else 1000 * timeout):
                    raise subprocess.TimeoutExpired(COMMAND, timeout or 0.0)
                self._code = self._template.exit_code(self.pid)
                os.close(self._ended)
            return self._code


_kept: dict[tuple, _Template] = {}
_keeping = threading.Lock()


def _template() -> _Template | None:
    """The one of this process; started anew where what a process heeds at its start has changed."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return None
    heeded = {k: v for k, v in _environment().items() if k.startswith(_HEEDED_AT_START)}
    key = tuple(sorted(heeded.items()))
    with _keeping:
        if key not in _kept:
            _kept.clear()
            try:
                os.close(os.pidfd_open(os.getpid()))
                _kept[key] = _Template()
            except OSError:
                return None
        return _kept[key]


def _forget(template: _Template) -> None:
    with _keeping:
        for key in [key for key, kept in _kept.items() if kept is template]:
            del _kept[key]


def _begin_anew() -> None:
    """A forked process must not talk over the socket of its parent."""
    global _keeping
    _keeping = threading.Lock()
    for template in _kept.values():
        template._socket.close()
        template._lock = threading.RLock()  # another thread of the parent may have had it
    _kept.clear()


os.register_at_fork(after_in_child=_begin_anew)


def _end_template(owner: int, process: subprocess.Popen[bytes], requests: socket.socket) -> None:
    requests.close()
    if os.getpid() == owner:  # not in a process forked from it
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
