"""Where decoding met damage -> which frames show it: all until the next one that stands alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

LAST_FEW = 4
NEAR_S = 1.0  # spans nearer than this are told as one


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
