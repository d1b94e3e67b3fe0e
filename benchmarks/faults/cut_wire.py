"""A port of this machine -> a second port that leads to it, whose connections are cut when told to.

`python -m benchmarks.faults.cut_wire PORT` says the second port; each line that it then reads is a
number of seconds: every connection is reset, and new ones are too, until these have passed.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress

HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)  # close with RST at once, as a firewall that lost its table does


class CutWire:
    """The wire as its own process: Ray's calls hold the interpreter that would have to pass on."""

    def __init__(self, port: int):
        run = [sys.executable, "-m", "benchmarks.faults.cut_wire", str(port)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(run, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        self.address = f"{HOST}:{int(self._process.stdout.readline())}"

    def cut(self, seconds: float) -> int:
        """-> how many connections were reset; none comes about for so many seconds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process; safe to call again."""
        self._process.kill()
        self._process.wait()


class _Wire:
    """Both ends of every connection that there is."""

    def __init__(self, port: int):
        self.port, self.until_s = port, 0.0
        self.ends: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server((HOST, 0), backlog=128)

    def serve(self) -> None:
        while True:
            near, _ = self.listener.accept()
            if time.monotonic() < self.until_s:
                _reset(near)
                continue
            try:
                far = socket.create_connection((HOST, self.port))
            except OSError:
                _reset(near)
                continue
            with self.lock:
                self.ends |= {near, far}
            for here, there in ((near, far), (far, near)):
                here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pass_on, args=(here, there), daemon=True).start()

    def pass_on(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(1 << 16):
                there.sendall(data)
        with self.lock:  # of those that were cut nobody says that they ended well
            left = self.ends & {here, there}
            self.ends -= left
        for end in left:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self, seconds: float) -> int:
        self.until_s = time.monotonic() + seconds
        with self.lock:
            ends, self.ends = self.ends, set()
        for end in ends:
            _reset(end)
        return len(ends) // 2


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)  # wakes who waits for it here
    end.close()


def main(port: str) -> None:
    """Pass on until nobody tells any more."""
    wire = _Wire(int(port))
    threading.Thread(target=wire.serve, daemon=True).start()
    print(wire.listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        print(wire.cut(float(line)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
