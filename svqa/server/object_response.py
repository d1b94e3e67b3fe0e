"""An object of a store, and the range that a browser asks for -> the response it plays from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from svqa.media import StoredObject

BLOCK_BYTES = 1 << 20
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def object_response(stored: StoredObject, asked: str | None, media_type: str) -> Response:
    """-> the bytes asked for, read from the store as the browser takes them.

    `asked`: the `Range` header; without one, or with one of several ranges, everything is given.
    """
    size, begin, end, status = stored.size_bytes, 0, stored.size_bytes, 200
    headers = {"accept-ranges": "bytes", "cache-control": "private"}
    if (wanted := _RANGE.fullmatch(asked or "")) and any(wanted.groups()):
        first, last = wanted.groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if begin >= end:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        status, headers["content-range"] = 206, f"bytes {begin}-{end - 1}/{size}"
    headers["content-length"] = str(end - begin)
    return StreamingResponse(_blocks(stored, begin, end), status, headers, media_type)


def _blocks(stored: StoredObject, begin: int, end: int) -> Iterator[bytes]:
    for at in range(begin, end, BLOCK_BYTES):
        yield stored.read(at, min(BLOCK_BYTES, end - at))
