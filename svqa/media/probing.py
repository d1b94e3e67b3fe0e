"""Path -> VideoInfo: what the file holds, as it will be displayed."""

from __future__ import annotations

import hashlib
import os

from svqa.media.files import open_video_file
from svqa.media.limits import Limits
from svqa.media.process import Worker
from svqa.records import VideoInfo


def probe(
    path: str | os.PathLike, *, deadline_s: float = 30.0, limits: Limits | None = None
) -> VideoInfo:
    """-> size, duration, rate and streams.

    Counted from the packets that are there, not from what the header says.

    `duration_s` reaches from the first presented frame to the end of the last, `frames` counts the
    video packets, `rotation_deg` is the clockwise turn that was applied to get the displayed
    `width_px` x `height_px`. Reads the whole file once (for the SHA-256), decodes only until the
    first frame, in a worker that is ended after `deadline_s` of waiting.

    Raises VideoNotFound, NetworkRefused, NotAVideo, NoVideoStream, NoFrames, TooLarge,
    DecodeTimeout, DecodeCrashed.

    >>> probe("kitchen.mp4").duration_s   # doctest: +SKIP
    12.4
    """
    limits = limits or Limits(
        deadline_s=deadline_s, no_progress_s=min(deadline_s, Limits.no_progress_s)
    )
    name = os.fsdecode(path)
    with open_video_file(path) as file:
        worker = Worker({"do": "probe", "name": name}, open_video_file(path), limits)
        try:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # while the worker starts
            head, _ = worker.next_message()
        finally:
            worker.close()
        size_bytes = os.fstat(file.fileno()).st_size
    del head["kind"]
    return VideoInfo(path=name, sha256=sha256, size_bytes=size_bytes, **head)
