"""Packets in, frames out -> where a file is damaged, and which of its frames show it.

All frames do from the damage on, until the next one that stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from svqa.media.container import ReadState, Source

if TYPE_CHECKING:
    from av import Packet, VideoFrame

LAST_FEW = 4
NEAR_S = 1.0  # spans nearer than this are told as one
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
        for begin, end in sorted(self.stretches, key=lambda s: s[0]):
            start_s = max(0.0, time_s(begin))
            until_s = max(start_s, end_s if end is None else time_s(end))
            if spans and start_s <= spans[-1][1] + NEAR_S:
                spans[-1] = spans[-1][0], max(spans[-1][1], until_s)
            else:
                spans.append((start_s, until_s))
        return spans


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
        self._awaited: set[int] = set()  # times of packets whose frames have not come yet
        self._state = ReadState()

    def begin_pass(self, state: ReadState) -> None:
        """The file is read once more; what was found stays."""
        self.damage.end(self.last_pts + 1)
        self._state, self._lost_seen = state, 0
        self._awaited.clear()

    def forget(self, *, is_lasting: bool = False) -> None:
        """What was found will be met again."""
        self.damage = Damage(is_lasting=is_lasting)

    def await_frame(self, pts: int) -> None:
        """A packet that has to give a frame of this time."""
        self._awaited.add(pts)

    def fed(self, packet: Packet) -> None:
        """A packet is about to be decoded."""
        if packet.pts is not None:
            self.last_fed_pts = max(self.last_fed_pts, packet.pts)
            if packet.is_keyframe:
                self.damage.end(packet.pts)

    def decoded(self, packet: Packet | None, frames: list[VideoFrame], *, failed: bool) -> None:
        """What became of it; `failed`: its decoder raised."""
        failed |= self.source.log.complained()
        marked = [f.pts for f in frames if f.is_corrupt and f.pts is not None]
        lost = self._state.damaged_pts[self._lost_seen :]
        if not (failed or marked or lost):
            return
        self._be_clear()
        self._lost_seen += len(lost)
        pts = packet.pts if packet is not None else None
        for begin in [*lost, *([self.last_pts + 1 if pts is None else pts] if failed else [])]:
            # frames that wait for their turn may refer to it; where they are counted, some more
            begin = min(begin, self.last_pts + 1) if self._came_any else begin
            self.damage.begin(begin - MOST_WAITING if self.counts_frames else begin)
        for at in marked:
            self.damage.once(at)

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
