"""Frames as they come out of a decoder -> frames with the times that their container means."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame


def counted(frames: Iterable[VideoFrame], pts_in_order: Iterable[int]) -> Iterator[VideoFrame]:
    """The frames, each with the time that its container does not store.

    AVI stores no presentation times, and H.264 shows frames in another order than it codes them:
    there the n-th frame that comes out of the decoder is shown at the n-th time.
    """
    for frame, pts in zip(frames, pts_in_order, strict=False):
        frame.pts = pts
        yield frame


def repeated(frames: Iterable[VideoFrame], again_pts: list[int]) -> Iterator[VideoFrame]:
    """The frames, and each again at the times of the empty packets that follow it.

    `again_pts`: a heap that is filled while the frames are read.
    """
    last: VideoFrame | None = None
    for frame in frames:
        yield from _again(last, again_pts, frame.pts)
        last = frame
        yield frame
    yield from _again(last, again_pts, None)


def _again(
    last: VideoFrame | None, again_pts: list[int], before_pts: int | None
) -> Iterator[VideoFrame]:
    while last is not None and again_pts:
        if before_pts is not None and again_pts[0] >= before_pts:
            return
        pts = heapq.heappop(again_pts)
        if last.pts is not None and pts > last.pts:
            last.pts = pts
            yield last
