"""A worker's descriptor -> its film's bytes: a file's, or those that a socket is asked for."""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from typing import Protocol

BLOCK_BYTES = 1 << 20  # the most that is asked for at once
REQUEST = struct.Struct("<QI")  # where, how much
ANSWER = struct.Struct("<I")  # how much comes
KEPT_BLOCKS = 4
NO_BYTES = 3  # exit code: the parent, which knows why, ended the answers


class FilmBytes(Protocol):
    """What a film's bytes can be asked; `path` is empty where there is none to be opened."""

    size_bytes: int
    path: str

    def pread(self, size: int, at: int) -> bytes:
        """-> bytes from one place, fewer at the end."""

    def opened(self) -> str | RangeReader:
        """-> what PyAV opens, from the beginning."""


def film_bytes(fd: int, size_bytes: int | None = None) -> FilmBytes:
    """-> the film of a descriptor; `size_bytes` where it is a socket, which does not know."""
    if stat.S_ISSOCK(os.fstat(fd).st_mode):
        assert size_bytes is not None, "the parent knows it"
        return RangedBytes(fd, size_bytes)
    return LocalBytes(fd)


class LocalBytes:
    """A file's bytes."""

    def __init__(self, fd: int):
        self._fd, self.size_bytes = fd, os.fstat(fd).st_size
        self.path = f"/dev/fd/{fd}"

    def pread(self, size: int, at: int) -> bytes:
        """-> bytes from one place, fewer at the end."""
        return os.pread(self._fd, size, at)

    def opened(self) -> str:
        """-> a name that no protocol but that of files takes."""
        return f"file:{self.path}"


class RangedBytes:
    """An object's bytes, a block at a time."""

    def __init__(self, fd: int, size_bytes: int):
        self.size_bytes, self.path = size_bytes, ""
        self._socket = socket.socket(fileno=os.dup(fd))
        self._kept: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def pread(self, size: int, at: int) -> bytes:
        """-> bytes from one place, fewer at the end."""
        data = self.some(size, at)
        while len(data) < size and (more := self.some(size - len(data), at + len(data))):
            data += more
        return data

    def some(self, size: int, at: int) -> bytes:
        """-> bytes of the block that lies there; b"" at the end."""
        number, skipped = divmod(at, BLOCK_BYTES)
        with self._lock:
            block = self._kept.pop(number, None) or self._asked(number * BLOCK_BYTES)
            self._kept[number] = block
            while len(self._kept) > KEPT_BLOCKS:
                self._kept.pop(next(iter(self._kept)))
        return block[skipped : skipped + size]

    def opened(self) -> RangeReader:
        """-> a reader with a place of its own."""
        return RangeReader(self)

    def _asked(self, at: int) -> bytes:
        if at >= self.size_bytes:
            return b""
        self._socket.sendall(REQUEST.pack(at, BLOCK_BYTES))
        head = self._received(ANSWER.size)
        return self._received(*ANSWER.unpack(head))

    def _received(self, size: int) -> bytes:
        data = bytearray(size)
        left = memoryview(data)
        while left:  # a signal wakes a receiver that has not got everything
            came = self._socket.recv_into(left)
            if not came:
                # a decoder would take missing bytes for a film that ends here
                os._exit(NO_BYTES)
            left = left[came:]
        return bytes(data)


class RangeReader:
    """What PyAV wants of a Python file: read, seek, tell."""

    name = ""  # a demuxer is chosen by content, not by the end of a name

    def __init__(self, film: RangedBytes):
        self._film, self._at = film, 0

    def read(self, size: int) -> bytes:
        """-> the next bytes, b"" at the end."""
        data = self._film.some(size, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """-> where the next bytes are."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._film.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """-> where the next bytes are."""
        return self._at
