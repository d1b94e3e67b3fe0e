"""A process -> the text under which it holds a lease, and whether the process behind one lives.

The text is `host/boot/namespace/offset:pid:start:random`. Numbers of processes mean something only
within one boot and one namespace of processes: two containers may have one host name and both a
process 7. The start is counted from boot, because the wall clock may be set meanwhile, and so is
what the wall clock was ahead of the time since boot when the lease was taken (`offset`).
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import psutil


def new_owner(now: datetime) -> str:
    """-> a text that no other owner has; `now` is the wall clock's time."""
    offset_s, chance = round(_ahead_s(now)), uuid.uuid4().hex[:8]
    return f"{_place()}/{offset_s}:{os.getpid()}:{_start_of(os.getpid())}:{chance}"


def this_process() -> str:
    """-> what the owners of all leases of this process have in common: see `process_of`."""
    return f"{_place()}:{os.getpid()}:{_start_of(os.getpid())}"


def process_of(owner: str) -> str:
    """-> the process that has taken a lease, by the lease's owner."""
    place, pid, start, _ = owner.rsplit(":", 3)
    return f"{place.rpartition('/')[0]}:{pid}:{start}"


def holds(owner: str, lease_until: datetime, now: datetime) -> bool:
    """Whether a lease stands: it has not run out, and its process lives, where that can be known.

    Of a process of this boot and namespace a clock that was set forward ends nothing.
    """
    place, pid, start, _ = owner.rsplit(":", 3)
    where, _, offset_s = place.rpartition("/")
    if where != _place():
        return now <= lease_until
    set_by = timedelta(seconds=_ahead_s(now) - int(offset_s))
    if now > max(lease_until, lease_until + set_by):
        return False
    return _start_of(int(pid)) == int(start)


def _place() -> str:
    return "/".join((socket.gethostname(), _boot_id(), _namespace()))


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return ""


def _ahead_s(now: datetime) -> float:
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    since_boot_s = time.monotonic() if clock is None else time.clock_gettime(clock)
    return now.timestamp() - since_boot_s


def _start_of(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since boot; None where none lives."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _started(pid)
    state, *fields = text.rpartition(")")[2].split()  # a name may hold spaces and brackets
    return None if state in "ZX" else int(fields[18])


def _started(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
