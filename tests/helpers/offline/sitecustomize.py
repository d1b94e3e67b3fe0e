"""No network socket in this process.

Python imports this file, by its name, wherever its folder is on PYTHONPATH.

An audit hook sees every socket made through Python, cannot be removed, and leaves unix sockets and
pipes alone (PostgreSQL, worker pools and notebook kernels need them).
"""

import socket
import sys


class NetworkDenied(RuntimeError):
    """A test reached for the network."""


def _deny(event, args):
    if event == "socket.__new__" and args[1] in (socket.AF_INET, socket.AF_INET6):
        raise NetworkDenied(
            "The test suite has no network: read local files, use unix sockets, or say "
            "what is missing."
        )
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        raise NetworkDenied(f"The test suite has no network, and looks up no name: {args[0]!r}.")


sys.addaudithook(_deny)
