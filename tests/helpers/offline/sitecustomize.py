"""No network socket in this process; to itself and its neighbours only where a test says so.

Python imports this file, by its name, wherever its folder is on PYTHONPATH.

An audit hook sees every socket made through Python, cannot be removed, and leaves unix sockets and
pipes alone (PostgreSQL, worker pools and notebook kernels need them). With SVQA_TEST_LOOPBACK=1 in
the environment, sockets may be made and join 127.0.0.1, which is this machine, and nothing else:
for the tests of what is spoken over HTTP.
"""

import os
import socket
import sys

LOOPBACK = ("127.0.0.1", "localhost")


class NetworkDenied(RuntimeError):
    """A test reached for the network."""


def _deny(event, args):
    if not event.startswith("socket."):
        return
    loopback = os.environ.get("SVQA_TEST_LOOPBACK") == "1"
    if event == "socket.__new__" and args[1] in (socket.AF_INET, socket.AF_INET6) and not loopback:
        raise NetworkDenied(
            "The test suite has no network: read local files, use unix sockets, or say "
            "what is missing."
        )
    if event in ("socket.connect", "socket.bind", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
        if not (loopback and host in LOOPBACK):
            raise NetworkDenied(f"The test suite has no network: {event} to {host!r}.")
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        if not (loopback and host in LOOPBACK):
            raise NetworkDenied(f"The test suite has no network, and looks up no name: {host!r}.")


sys.addaudithook(_deny)
