"""Open file -> whether it ends before its own container says it does.

Cut off while copied, downloaded or recorded.

Only the outermost sizes are looked at. MPEG-TS and fragments written live do not say how long they
are; they always look whole.
"""

from __future__ import annotations

import os
import struct

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067


def ends_early(fd: int) -> bool:
    """True where a container's own parts reach past the end of the file.

    MP4/MOV boxes, the Matroska segment, the RIFF chunk.
    """
    size = os.fstat(fd).st_size
    head = os.pread(fd, 12, 0)
    if head[:4] == b"RIFF" and len(head) == 12:
        return 8 + struct.unpack("<I", head[4:8])[0] > size
    if head[:4] == _EBML.to_bytes(4, "big"):
        return _matroska_end(fd) > size
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"):
        return _boxes_end(fd, size) > size
    return False


def _boxes_end(fd: int, size: int) -> int:
    at = 0
    while at < size:
        head = os.pread(fd, 16, at)
        if len(head) < 8:
            return size + 1
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # reaches to the end, wherever that is
            return size
        if length < 8:
            return size + 1
        at += length
    return at


def _matroska_end(fd: int) -> int:
    """-> where the segment ends by its own size, 0 where that is unknown (a live recording)."""
    at = 0
    for wanted in (_EBML, _SEGMENT):
        head = os.pread(fd, 12, at)
        if len(head) < 5 or int.from_bytes(head[:4], "big") != wanted:
            return 0
        # an EBML number: as many bytes as leading zero bits, and one
        width = 9 - head[4].bit_length()
        if width > 8 or len(head) < 4 + width:
            return 0
        length = int.from_bytes(head[4 : 4 + width], "big") & ((1 << 7 * width) - 1)
        if length == (1 << 7 * width) - 1:
            return 0
        at += 4 + width + length
    return at
