"""Path -> VideoInfo: what the file holds, as it will be displayed."""

from __future__ import annotations

import os

from svqa.media.films import head_of, open_film, sha256_of, size_of
from svqa.media.limits import Limits
from svqa.media.process import Worker
from svqa.records import VideoInfo

# hashed within a second or two, quicker than it is looked at by a worker
QUICK_BYTES = 256 << 20
_SIGNATURES = (  # (at, bytes) of the formats that svqa reads
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"RIFF"),
    (0, b"\0\0\1\xba"),
    (0, b"FLV"),
    (0, b"OggS"),
    (0, b"DKIF"),
    (0, b"\x30\x26\xb2\x75"),
    (188, b"G"),
)


def identify(path: str | os.PathLike, *, deadline_s: float = 30.0) -> str:
    """-> the SHA-256 of a video, which is hashed only after it was found to be one.

    A worker looks first at what is large or does not begin as a video does, so that 20 GB of
    something else are refused within a second. Raises as `probe`.
    """
    name = os.fsdecode(path)
    with open_film(path) as film:
        head = head_of(film, 256)
        known = any(head[at:].startswith(bytes_) for at, bytes_ in _SIGNATURES)
        if not known or size_of(film) > QUICK_BYTES:
            limits = Limits(deadline_s=deadline_s, no_progress_s=deadline_s)
            worker = Worker({"do": "facts", "name": name}, open_film(path), limits)
            try:
                worker.next_message()
            finally:
                worker.close()
        return sha256_of(film)


def probe(
    path: str | os.PathLike,
    *,
    deadline_s: float = 30.0,
    limits: Limits | None = None,
    sha256: str = "",
) -> VideoInfo:
    """-> size, duration, rate and streams.

    Counted from the packets that are there, not from what the header says.

    `duration_s` reaches from the first presented frame to the end of the last, `frames` counts the
    video packets, `rotation_deg` is the clockwise turn that was applied to get the displayed
    `width_px` x `height_px`. Decodes only until the first frame, in a worker that is ended after
    `deadline_s` of waiting, then reads the whole file once for its SHA-256, unless that is given.

    Raises VideoNotFound, NetworkRefused, NotAVideo, NoVideoStream, NoFrames, TooLarge,
    DecodeTimeout, DecodeCrashed.

    >>> probe("kitchen.mp4").duration_s   # doctest: +SKIP
    12.4
    """
    limits = limits or Limits(
        deadline_s=deadline_s, no_progress_s=min(deadline_s, Limits.no_progress_s)
    )
    name = os.fsdecode(path)
    with open_film(path) as film:
        worker = Worker({"do": "probe", "name": name}, open_film(path), limits)
        try:
            head, _ = worker.next_message()
        finally:
            worker.close()
        sha256, size_bytes = sha256 or sha256_of(film), size_of(film)
    del head["kind"]
    return VideoInfo(path=name, sha256=sha256, size_bytes=size_bytes, **head)
