"""F29: no network socket in any process of the suite."""

from __future__ import annotations

import multiprocessing
import socket
import subprocess
import sys

import pytest

REACH_OUT = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)"


def _reach_out(results) -> None:
    try:
        exec(REACH_OUT)
        results.put("made a socket")
    except RuntimeError as error:
        results.put(type(error).__name__)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_this_process_has_no_network_socket(family):
    with pytest.raises(RuntimeError, match="no network"):
        socket.socket(family, socket.SOCK_STREAM)


def test_this_process_looks_up_no_name():
    with pytest.raises(RuntimeError, match="no network"):
        socket.getaddrinfo("example.org", 443)


def test_a_command_started_by_a_test_has_none_either():
    done = subprocess.run(
        [sys.executable, "-c", REACH_OUT], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "NetworkDenied" in done.stderr


@pytest.mark.slow
def test_a_spawned_worker_has_none_either():
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    worker = context.Process(target=_reach_out, args=(results,))
    worker.start()
    worker.join(60)
    assert results.get() == "NetworkDenied"


def test_unix_sockets_stay():
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"row")
        assert right.recv(3) == b"row"
