"""Ranges over a socket: whole, whatever wakes the receiver, or the worker ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time

from svqa.media.byte_ranges import ANSWER, BLOCK_BYTES, REQUEST, film_bytes


def test_an_answer_that_comes_in_parts_is_taken_whole_though_signals_wake_the_reader():
    """A system call that waits for all of it returns what has come when a process is stopped."""
    block = os.urandom(BLOCK_BYTES)
    ours, theirs = socket.socketpair()
    reader = os.fork()
    if reader == 0:
        ours.close()
        got = film_bytes(theirs.fileno(), BLOCK_BYTES).pread(BLOCK_BYTES, 0)
        os._exit(0 if got == block else 1)
    theirs.close()
    with ours:
        assert REQUEST.unpack(ours.recv(REQUEST.size)) == (0, BLOCK_BYTES)
        ours.sendall(ANSWER.pack(BLOCK_BYTES) + block[:100_000])
        time.sleep(0.2)  # it waits for the rest
        os.kill(reader, signal.SIGSTOP)
        os.waitpid(reader, os.WUNTRACED)
        os.kill(reader, signal.SIGCONT)
        time.sleep(0.2)
        rest = threading.Thread(target=_send, args=(ours, block[100_000:]))
        rest.start()
        _, status = os.waitpid(reader, 0)
        rest.join()
    assert os.waitstatus_to_exitcode(status) == 0


def _send(to: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):  # it has gone, which its exit code tells
        to.sendall(data)
