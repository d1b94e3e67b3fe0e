"""An object of a store -> a descriptor over which a decoding worker asks for its bytes.

The worker has no address, no credentials and no network: it sends a range, and this process, which
has them, sends the bytes. A few blocks are kept in memory, never the film.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections import OrderedDict
from concurrent.futures import Future

from svqa.errors import NotAVideo, SvqaError
from svqa.media.byte_ranges import ANSWER, BLOCK_BYTES, REQUEST
from svqa.media.objects import StoredObject

KEPT_BLOCKS = 32  # of one object, for the workers that read it one after the other
AHEAD = 3  # blocks asked for before they are, where one is read after the other
KEPT_OBJECTS = 2


class _Blocks:
    """The blocks of one version of an object that were read last. Safe between threads."""

    def __init__(self, stored: StoredObject):
        self.stored = stored
        self._kept: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._last = -2

    def get(self, number: int) -> bytes:
        """-> a block, "" after the end. Raises as `StoredObject.read`."""
        with self._lock:
            one_by_one, self._last = number == self._last + 1, number
            wanted = [number, *(range(number + 1, number + 1 + AHEAD) if one_by_one else ())]
            for each in wanted:
                if each * BLOCK_BYTES < self.stored.size_bytes and each not in self._kept:
                    self._kept[each] = _begun(self.stored, each)
            block = self._kept.get(number)
            if block is None:
                return b""
            self._kept.move_to_end(number)
            while len(self._kept) > KEPT_BLOCKS:
                self._kept.popitem(last=False)
        try:
            return block.result()
        except BaseException:
            with self._lock:  # asked for again, it may come
                self._kept.pop(number, None)
            raise


_objects: OrderedDict[tuple[str, int, str], _Blocks] = OrderedDict()
_making = threading.Lock()


class ObjectFile:
    """An open object; `fileno()` is what a worker reads it through.

    `failure`: why its bytes stayed away, None while they come. Raises as `StoredObject`, and
    NotAVideo where it is empty.
    """

    def __init__(self, url: str):
        self.stored = StoredObject(url)
        if not self.stored.size_bytes:
            raise NotAVideo(f"'{url}' is empty (0 bytes). Was its upload interrupted?")
        self.name = url
        self.failure: SvqaError | None = None
        self.is_waiting = False  # for the store
        self._blocks = _blocks_of(self.stored)
        self._ours, self._theirs = socket.socketpair()
        self._serving = False

    def fileno(self) -> int:
        """For a worker; from now on it is answered."""
        if not self._serving:
            self._serving = True
            threading.Thread(target=self._serve, name="svqa-ranges", daemon=True).start()
        return self._theirs.fileno()

    def pread(self, size: int, at: int) -> bytes:
        """-> bytes from one place, within one block or two."""
        data = b""
        while len(data) < size:
            number, skipped = divmod(at + len(data), BLOCK_BYTES)
            part = self._blocks.get(number)[skipped : skipped + size - len(data)]
            if not part:
                break
            data += part
        return data

    def close(self) -> None:
        """No worker is answered any more; safe to call again."""
        for end in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._theirs.close()
        if not self._serving:
            self._ours.close()

    def __enter__(self) -> ObjectFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(self) -> bytes:
        """-> what a worker asks; less than that where it has gone."""
        asked = b""
        while len(asked) < REQUEST.size and (part := self._ours.recv(REQUEST.size - len(asked))):
            asked += part
        return asked

    def _serve(self) -> None:
        with contextlib.suppress(OSError), self._ours:
            while len(asked := self._request()) == REQUEST.size:
                at, size = REQUEST.unpack(asked)
                self.is_waiting = True
                try:
                    data = self.pread(min(size, BLOCK_BYTES), at)
                except SvqaError as error:
                    self.failure = error
                    return
                finally:
                    self.is_waiting = False
                self._ours.sendall(ANSWER.pack(len(data)) + data)


def _blocks_of(stored: StoredObject) -> _Blocks:
    key = (stored.url, stored.size_bytes, stored.version)
    with _making:
        blocks = _objects.setdefault(key, _Blocks(stored))
        _objects.move_to_end(key)
        while len(_objects) > KEPT_OBJECTS:
            _objects.popitem(last=False)
    return blocks


def _begun(stored: StoredObject, number: int) -> Future[bytes]:
    """A block, on its way; nobody waits for it when this process ends, as for a pool's threads."""
    block: Future[bytes] = Future()

    def read() -> None:
        try:
            block.set_result(stored.read(number * BLOCK_BYTES, BLOCK_BYTES))
        except BaseException as error:
            block.set_exception(error)

    threading.Thread(target=read, name="svqa-store", daemon=True).start()
    return block


def _begin_anew() -> None:
    """A forked process has none of the threads of its parent."""
    global _making
    _making = threading.Lock()
    _objects.clear()


os.register_at_fork(after_in_child=_begin_anew)
