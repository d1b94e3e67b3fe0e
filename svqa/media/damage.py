"""Packets in, frames out -> where a file is damaged, and which of its frames show it.

All frames do from the damage on, until the next one that stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from svqa.media.container import ReadState, Source
from svqa.media.spans import join_spans

if TYPE_CHECKING:
    from av import Packet, VideoFrame

LAST_FEW = 4
MOST_WAITING = 4  # frames of an AVI that a decoder holds back


@dataclass
class Damage:
    """Stretches of presentation time, in the stream's ticks: `[begin, end)`, open ones `None`.

    `is_lasting`: packets were lost whose times nobody knows, so that all that follow are shifted.
    """

    stretches: list[tuple[int, int | None]] = field(default_factory=list)
    is_lasting: bool = False

    def begin(self, pts: int) -> None:
        """From here on what is shown may be wrong."""
        if not self.stretches or self.stretches[-1][1] is not None:
            self.stretches.append((pts, None))

    def end(self, pts: int) -> None:
        """A frame that stands alone: what is shown from here on is right again."""
        if self.stretches and self.stretches[-1][1] is None and not self.is_lasting:
            begin = self.stretches[-1][0]
            self.stretches[-1] = (min(begin, pts), pts)

    def once(self, pts: int) -> None:
        """One frame that its decoder itself calls damaged."""
        if not self.holds(pts):
            self.stretches.insert(max(0, len(self.stretches) - 1), (pts, pts + 1))

    def holds(self, pts: int) -> bool:
        """Whether the frame of this time may be wrong; asked in the order frames are shown."""
        return any(
            begin <= pts and (end is None or pts < end) for begin, end in self.stretches[-LAST_FEW:]
        )

    def spans_s(self, time_s: Callable[[int], float], end_s: float) -> list[tuple[float, float]]:
        """-> the stretches in seconds, in order, those near each other joined."""
        spans: list[tuple[float, float]] = []
        for begin, end in self.stretches:
            start_s = max(0.0, time_s(begin))
            spans.append((start_s, max(start_s, end_s if end is None else time_s(end))))
        return join_spans(spans)


class UnclearDamage(Exception):
    """Something is wrong with what several threads decode: not to be told with which frame."""


class DamageWatch:
    """Told of each packet and frame of a pass over a file, keeps its `damage`.

    Raises UnclearDamage at the first sign where more than one thread decodes.
    """

    def __init__(self, source: Source):
        self.source, self.damage = source, Damage()
        self.counts_frames = False
        self.last_pts = self.last_fed_pts = 0
        self._came_any, self._lost_seen = False, 0
        self._fed_pts: int | None = None  # the latest of this pass
        self._awaited: set[int] = set()  # times of packets whose frames have not come yet
        self._state = ReadState()

    def begin_pass(self, state: ReadState) -> None:
        """The file is read once more; what was found stays."""
        self.damage.end(self.last_pts + 1)
        self._state, self._lost_seen = state, 0
        self._came_any, self._fed_pts = False, None
        self._awaited.clear()

    def forget(self, *, is_lasting: bool = False) -> None:
        """What was found will be met again."""
        self.damage = Damage(is_lasting=is_lasting)

    def await_frame(self, pts: int) -> None:
        """A packet that has to give a frame of this time."""
        self._awaited.add(pts)

    def fed(self, packet: Packet) -> None:
        """A packet is about to be decoded; what was lost was lost before it."""
        self.passed_over(packet)
        if packet.pts is not None:
            self.last_fed_pts = max(self.last_fed_pts, packet.pts)
            self._fed_pts = max(packet.pts, packet.pts if self._fed_pts is None else self._fed_pts)

    def passed_over(self, packet: Packet) -> None:
        """A packet that is not decoded: also before it something may be lost, and end with it."""
        self._take_lost()
        if packet.pts is not None and packet.is_keyframe:
            self.damage.end(packet.pts)

    def decoded(self, packet: Packet | None, frames: list[VideoFrame], *, failed: bool) -> None:
        """What became of it; `failed`: its decoder raised."""
        failed |= self.source.log.complained()
        marked = [f.pts for f in frames if f.is_corrupt and f.pts is not None]
        self._take_lost()
        if not (failed or marked):
            return
        self._be_clear()
        pts = packet.pts if packet is not None else None
        if failed:
            self._begin(self.last_pts + 1 if pts is None else pts)
        for at in marked:
            self.damage.once(at)

    def _take_lost(self) -> None:
        lost = self._state.damaged_pts[self._lost_seen :]
        if lost:
            self._be_clear()
            self._lost_seen += len(lost)
            for pts in lost:
                self._begin(pts)

    def _begin(self, pts: int) -> None:
        # frames that wait for their turn may refer to it; where they are counted, some more
        if self._came_any and (self._fed_pts is None or pts <= self._fed_pts + 1):
            pts = min(pts, self.last_pts + 1)
        self.damage.begin(pts - MOST_WAITING if self.counts_frames else pts)

    def came(self, frame: VideoFrame) -> None:
        """Frames come in the order they are shown: one that should have come before will not."""
        if frame.pts is None or self.counts_frames or frame.interlaced_frame:
            self._awaited.clear()
        else:
            self._awaited.discard(frame.pts)
            lost = [pts for pts in self._awaited if pts < frame.pts]
            if lost:
                self._be_clear()
                self._awaited -= set(lost)
                self.damage.begin(min(lost))
        self._came_any = True
        self.last_pts = self.last_pts if frame.pts is None else frame.pts

    def _be_clear(self) -> None:
        if self.source.threads > 1:
            raise UnclearDamage
