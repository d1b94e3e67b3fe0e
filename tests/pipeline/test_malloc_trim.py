"""Threads that come and go leave no more arenas behind than one process needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

THREADS = 6
# what glibc says of its arenas, after threads that were all at work at once
ARENAS = """
import ctypes, sys, threading
from svqa.pipeline.malloc_trim import map_large_blocks

map_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
meeting = threading.Barrier({threads})

def work():
    meeting.wait()
    libc.malloc(3000)
    meeting.wait()

threads = [threading.Thread(target=work) for _ in range({threads})]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
@pytest.mark.parametrize(
    ("given", "most"), [({}, 2), ({"MALLOC_ARENA_MAX": "4"}, 4)], ids=["ours", "the user's"]
)
def test_threads_share_two_arenas_unless_the_user_says_otherwise(monkeypatch, given, most):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    code = ARENAS.format(threads=THREADS)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if "<malloc" not in run.stdout:
        pytest.skip("another allocator than glibc's")
    assert run.stdout.count("<heap nr=") == most
