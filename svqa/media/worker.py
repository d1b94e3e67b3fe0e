"""One job from stdin -> messages on stdout: the only process that touches a decoder.

Started by `svqa.media.process`.

A message is two little-endian 32-bit lengths, a JSON head and raw bytes. Standard input stays open
as long as the parent lives.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import sys
import threading
import traceback
from typing import Any

from svqa.errors import DecodeCrashed, SvqaError


def main() -> int:
    """Read the job, fence this process in, run it; every error becomes a message."""
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not land between two messages
    _fence(job)
    send = _Sender(out)
    try:
        _run(job, send)
    except SvqaError as error:
        send(kind="error", type=type(error).__name__, text=str(error))
    except MemoryError:
        send(
            kind="error",
            type=DecodeCrashed.__name__,
            text=(
                f"Decoding '{job['name']}' needs more than {job['limits']['memory_bytes'] >> 20} "
                "MiB. Raise Limits(memory_bytes=...), or scale the video down."
            ),
        )
    except BrokenPipeError:
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _run(job: dict, send: _Sender) -> None:
    from svqa.media import jobs

    jobs.JOBS[job["do"]](job, send)


def _fence(job: dict) -> None:
    """Address space; no core dumps; and no file written but the log, which ends at its cap.

    A job that writes a file says how large that may be.
    """
    limits = job["limits"]
    for what, limit in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, job.get("most_written_bytes", limits["log_bytes"])),
    ):
        _, hard = resource.getrlimit(what)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (limit, limit))


def _end_with_parent() -> None:
    while os.read(0, 1 << 16):
        pass
    os._exit(1)


class _Sender:
    def __init__(self, out: io.FileIO):
        self._out = out

    def __call__(self, payload: bytes | memoryview = b"", **head: Any) -> None:
        text = json.dumps(head).encode()
        view = memoryview(payload).cast("B")
        self._write_all(struct.pack("<II", len(text), view.nbytes) + text)
        self._write_all(view)

    def _write_all(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[self._out.write(view) :]


if __name__ == "__main__":
    sys.exit(main())
