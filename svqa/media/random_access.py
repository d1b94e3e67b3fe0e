"""A packet -> whether decoding can begin with it.

Containers call more than that a keyframe: with periodic intra refresh (cameras, game captures) a
decoder is whole again only a second after such a packet, and shows nothing or the wrong picture
until then. So the slices are looked at: all of them have to stand alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet

_START = b"\0\0\1"
_H264_IDR, _H264_SLICES = 5, (1, 2, 5)
_H264_INTRA = (2, 4)  # I and SI, of 0 to 4
_HEVC_FIRST_IRAP, _HEVC_LAST_IRAP, _HEVC_LAST_SLICE = 16, 23, 31
_BITS_LOOKED_AT = 64


def begins_here(packet: Packet, codec_name: str, extradata: bytes | None) -> bool:
    """Whether a decoder that knows nothing shows this packet's picture as it is meant."""
    if not packet.is_keyframe or codec_name not in ("h264", "hevc"):
        return packet.is_keyframe
    found = False
    for unit in _units(bytes(packet), codec_name, extradata or b""):
        if codec_name == "hevc":
            kind = unit[0] >> 1 & 0x3F
            if kind <= _HEVC_LAST_SLICE:
                return _HEVC_FIRST_IRAP <= kind <= _HEVC_LAST_IRAP
        elif (kind := unit[0] & 0x1F) in _H264_SLICES:
            if kind == _H264_IDR:
                return True
            if slice_type(unit[1:]) % 5 not in _H264_INTRA:
                return False
            found = True
    return found or packet.is_keyframe


def slice_type(header: bytes) -> int:
    """The second number of an H.264 slice header (7.3.3): 2 and 7 are I, 4 and 9 SI."""
    bits = f"{int.from_bytes(header[:8].ljust(8, bytes(1)), 'big'):0{_BITS_LOOKED_AT}b}"
    value, at = 0, 0
    for _ in range(2):  # where the slice begins, then its type
        zeros = bits.find("1", at) - at
        if zeros < 0 or at + 2 * zeros + 1 > len(bits):
            return 0
        value, at = int(bits[at + zeros : at + 2 * zeros + 1], 2) - 1, at + 2 * zeros + 1
    return value


def _units(data: bytes, codec_name: str, extradata: bytes) -> Iterator[bytes]:
    """The first bytes of every unit of a picture, whichever way they are told apart."""
    at_size = 4 if codec_name == "h264" else 21
    if len(extradata) > at_size and extradata[0] == 1:
        width, at = (extradata[at_size] & 3) + 1, 0
        while at + width < len(data):
            size = int.from_bytes(data[at : at + width], "big")
            yield data[at + width : at + width + 16]
            at += width + size
        return
    at = data.find(_START)
    while 0 <= at < len(data) - 3:
        yield data[at + 3 : at + 19]
        at = data.find(_START, at + 3)
