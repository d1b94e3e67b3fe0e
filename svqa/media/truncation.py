"""Open file -> whether it ends before its own container says it does.

Cut off while copied, downloaded or recorded.

Only the outermost sizes are looked at, and only of what holds pictures and sound: what comes after
that (a tag, text, padding) is not the film's. MPEG-TS and fragments written live do not say how
long they are: they look whole unless they end within a packet or a box, or a fragment, or the list
of them, follows what is none.
"""

from __future__ import annotations

import struct

from svqa.media.byte_ranges import FilmBytes

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp")
_MEDIA_BOXES = (b"moov", b"mdat", b"moof")
_OTHER_BOXES = (*_FIRST_BOXES, b"uuid", b"udta", b"meta", b"mfra", b"sidx", b"pnot", b"emsg")
_FRAGMENTS = (b"moof", b"mfra")
_TS_SYNC, _TS_BYTES, _TS_LOOKED_AT = b"\x47", 188, 4
_BLOCK_BYTES = 1 << 20
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # of a recording that was not finished by its writer


def ends_early(film: FilmBytes) -> bool:
    """True where a container's own parts reach past the end of the file.

    MP4/MOV boxes, the Matroska segment, the lists of an AVI, the packets of a transport stream.
    """
    size = film.size_bytes
    head = film.pread(12, 0)
    if head[:4] == b"RIFF" and len(head) == 12:
        return _riff_ends_early(film, size)
    if head[:4] == _EBML.to_bytes(4, "big"):
        return _matroska_end(film) > size
    if head[4:8] in _FIRST_BOXES:
        return _boxes_end_early(film, size)
    if all(film.pread(1, n * _TS_BYTES) == _TS_SYNC for n in range(_TS_LOOKED_AT)):
        return size % _TS_BYTES > 0
    return False


def _boxes_end_early(film: FilmBytes, size: int) -> bool:
    at = 0
    seen: set[bytes] = set()
    while at < size:
        head = film.pread(16, at)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        whole = b"mdat" in seen and bool(seen & {b"moov", b"moof"})
        if len(head) < 8 or (kind not in _MEDIA_BOXES and kind not in _OTHER_BOXES):
            if whole:  # no box: nothing of the film, unless its fragments go on, or were listed
                return b"moof" in seen and any(_holds(film, name, at) for name in _FRAGMENTS)
            if len(head) < 8:
                return True
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # reaches to the end, wherever that is
            return False
        if length < 8 or at + length > size:
            return not (whole and kind not in _MEDIA_BOXES)
        seen.add(kind)
        at += length
    return False


def _holds(film: FilmBytes, name: bytes, at: int) -> bool:
    """Whether these bytes come at or after a place."""
    while block := film.pread(_BLOCK_BYTES + len(name), at):
        if name in block:
            return True
        at += _BLOCK_BYTES
    return False


def avi_declared_s(film: FilmBytes) -> float | None:
    """-> how long an AVI is by its own main header; None where this is no AVI."""
    head = film.pread(52, 0)
    if len(head) < 52 or head[8:12] != b"AVI " or head[24:28] != b"avih":
        return None
    (frame_us,), (frames,) = struct.unpack("<I", head[32:36]), struct.unpack("<I", head[48:52])
    return frame_us * frames / 1e6


def _riff_ends_early(film: FilmBytes, size: int) -> bool:
    """Whether packets, or the index after them, are cut; several RIFFs may follow each other."""
    at = 0
    while at + 12 <= size:
        name, length, _ = struct.unpack("<4sI4s", film.pread(12, at))
        if name != b"RIFF":
            return False  # something after the end
        end = size if length in _UNKNOWN_SIZES else at + 8 + length + (length & 1)
        whole = _whole_chunks(film, at + 12, min(end, size), size)
        # some writers count the eight bytes before as well
        if not whole or (end - size > 8 + 1 and b"idx1" not in whole):
            return True
        at = end
    return False


def _whole_chunks(film: FilmBytes, at: int, end: int, size: int) -> set[bytes]:
    """-> which of the chunks that matter are there; none where one of them is cut."""
    found = set()
    while at + 12 <= end:
        name, length, kind = struct.unpack("<4sI4s", film.pread(12, at))
        name = kind if name == b"LIST" else name
        media = name in (b"idx1", b"data", b"movi")
        if media and length in _UNKNOWN_SIZES:
            return {name}
        at += 8 + length + (length & 1)
        if media and at > size + 1:
            return set()
        if media:
            found.add(name)
    return found


def _matroska_end(film: FilmBytes) -> int:
    """-> where the segment ends by its own size, 0 where that is unknown (a live recording)."""
    at = 0
    for wanted in (_EBML, _SEGMENT):
        head = film.pread(12, at)
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
