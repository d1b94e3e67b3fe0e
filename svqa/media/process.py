"""Job -> messages from a decoding worker that can always be ended.

Own process group, deadlines, capped log.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import struct
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict
from typing import BinaryIO, TypeVar, cast

from svqa import errors
from svqa.errors import DecodeCrashed, DecodeTimeout
from svqa.media.files import FileStamp, looks_like
from svqa.media.films import Film, head_of, size_of, stamp_of
from svqa.media.limits import Limits
from svqa.media.object_file import ObjectFile
from svqa.media.worker_start import COMMAND, Process, start_worker

_COMMAND = COMMAND
_MAX_HEAD_BYTES = 1 << 24
_PIPE_BYTES = 1 << 20
_MOST_CLOCKS = 64
# the clock of a file is the same for every worker that reads it; lost with this process
_CLOCKS: dict[FileStamp, dict] = {}
E = TypeVar("E", bound=Exception)


class Worker:
    """A running worker.

    `next_message()` waits for it within the limits; `close()` ends its whole process group.

    The file travels as an open descriptor: no name, however odd, reaches a decoder, and a file
    replaced meanwhile is still read as the one that was opened.
    """

    def __init__(self, job: dict, file: Film, limits: Limits, *, out: BinaryIO | None = None):
        self.name, self._limits = job["name"], limits
        self._file = file
        self._waited_s = 0.0

        self._log = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        theirs, self._job = _pipe()
        self._pipe, out_end = _pipe()
        self._out = self._pipe.fileno()
        _grow_pipe(self._out)
        os.set_blocking(self._out, False)
        with theirs, out_end:
            files = [file.fileno(), *([out.fileno()] if out else [])]
            try:
                self._process, numbers = start_worker(_COMMAND, theirs, out_end, self._log, files)
            except BaseException:
                file.close()  # an object's is answered from a thread, which would stay
                raise
        self._lock = threading.Lock()
        streams = (self._job, self._pipe, file, self._log)
        self.close = weakref.finalize(self, _end, self._process, streams, self._lock)
        job = {
            **job,
            "fd": numbers[0],
            "size_bytes": size_of(file),
            "limits": asdict(limits),
            "clock": _CLOCKS.get(stamp_of(file)),
            "out_fd": numbers[1] if out else None,
        }
        self._selector = selectors.PollSelector()  # it takes no descriptor
        self._selector.register(self._out, selectors.EVENT_READ)
        try:
            self._job.write(json.dumps(job).encode() + b"\n")
            self._job.flush()
        except BrokenPipeError:
            pass  # it died at birth; the first read tells why

    def next_message(
        self, payload_into: Callable[[dict, int], memoryview] | None = None
    ) -> tuple[dict, memoryview]:
        """-> (head, payload).

        `payload_into(head, size)` may give the memory to read the payload into.

        Raises the worker's own typed error, DecodeTimeout, or DecodeCrashed where it died.
        """
        while True:
            sizes = self._read(memoryview(bytearray(8)))
            head_size, payload_size = struct.unpack("<II", sizes)
            if head_size > _MAX_HEAD_BYTES:
                raise self._ended(
                    DecodeCrashed(f"The worker decoding '{self.name}' sent garbage and was ended.")
                )
            head = json.loads(bytes(self._read(memoryview(bytearray(head_size)))))
            into = payload_into(head, payload_size) if payload_into and payload_size else None
            payload = self._read(memoryview(bytearray(payload_size)) if into is None else into)
            if head["kind"] == "error":
                raise self._ended(self._typed(head))
            if head["kind"] == "clock":
                self._remember(head["clock"])
            elif head["kind"] != "alive":
                return head, payload

    def _remember(self, clock: dict) -> None:
        """Keep what took a whole reading of the file, for the next job on the same file."""
        while len(_CLOCKS) >= _MOST_CLOCKS:
            _CLOCKS.pop(next(iter(_CLOCKS)), None)
        _CLOCKS[stamp_of(self._file)] = clock

    def _read(self, view: memoryview) -> memoryview:
        rest = view
        while rest:
            rest = rest[self._read_some(rest) :]
        return view

    def _read_some(self, rest: memoryview) -> int:
        silent_s = 0.0
        while True:
            try:
                with self._lock:  # closed, its number may be another worker's
                    if not self.close.alive:
                        raise OSError(errno.EBADF, f"the worker decoding '{self.name}' was ended")
                    count = os.readv(self._out, [rest])
                if count == 0:
                    raise self._died()
                return count
            except BlockingIOError:
                pass
            left_s = min(
                self._limits.deadline_s - self._waited_s, self._limits.no_progress_s - silent_s
            )
            if left_s <= 0:
                raise self._ended(self._timeout(silent_s))
            before = time.monotonic()
            self._selector.select(min(left_s, 1.0))
            if isinstance(self._file, ObjectFile) and self._file.is_waiting:
                continue  # for the store, which has limits of its own
            waited_s = time.monotonic() - before
            self._waited_s += waited_s
            silent_s += waited_s

    def _timeout(self, silent_s: float) -> DecodeTimeout:
        if self._waited_s >= self._limits.deadline_s:
            return DecodeTimeout(
                f"Decoding '{self.name}' took more than its deadline of "
                f"{self._limits.deadline_s:g} s and was ended. Raise Limits(deadline_s=...) if the "
                "file is fine, or copy it to a faster disk."
            )
        return DecodeTimeout(
            f"Decoding '{self.name}' made no progress for {silent_s:.1f} s and was ended. The file "
            "is probably damaged; if the disk is slow, raise Limits(no_progress_s=...)."
        )

    def _died(self) -> errors.SvqaError:
        if isinstance(self._file, ObjectFile) and self._file.failure is not None:
            return self._ended(self._file.failure)
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            code = None
        how = (
            f"by {signal.Signals(-code).name}"
            if code is not None and code < 0
            else f"with exit code {code}"
        )
        hint = (
            "This is a fault of svqa's own: please report it with the file."
            if code == 1
            else ("The file is probably damaged: copy it again or convert it.")
        )
        log = self._log_tail()
        return self._ended(
            DecodeCrashed(
                f"The worker decoding '{self.name}' died {how}; nothing else is harmed. {hint}"
                + (f" Its last words: {log}" if log else "")
            )
        )

    def _log_tail(self) -> str:
        self._log.seek(0)
        text = self._log.read(self._limits.log_bytes).decode("utf-8", "replace").strip()
        return text[-400:]

    def _typed(self, head: dict) -> errors.SvqaError:
        kind = getattr(errors, head["type"], DecodeCrashed)
        text = head["text"]
        if kind is errors.NotAVideo:
            what = looks_like(head_of(self._file, 64))
            text = f"{text} Its first bytes look like {what}." if what else text
        return kind(text)

    def _ended(self, error: E) -> E:
        self.close()
        return error


def _end(process: Process, streams: tuple[BinaryIO | Film, ...], lock: threading.Lock) -> None:
    with contextlib.suppress(ProcessLookupError):
        # the worker leads its own group, and is not reaped before wait()
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with lock:
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.close()


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb")


def _grow_pipe(fd: int) -> None:
    try:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass  # only Linux has it, and only the speed depends on it
