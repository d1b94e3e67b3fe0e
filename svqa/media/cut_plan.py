"""Packet table, wanted seconds -> the packets that a clip copies, and the seconds they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from svqa.media.container import PacketTable

NEAR_S = 1e-3  # seconds are written down to the millisecond
STANDS_S = 0.5  # a picture that stands longer is cut where that was asked for


@dataclass(frozen=True)
class Stretch:
    """What a clip shows of a film: `[start_s, end_s)`, from its first frame to the end of its last.

    `packets`: of the stream, by their times in decoding order, beginning with one that stands
    alone; None where a copy would begin before what was asked for, or cannot be made.
    """

    start_s: float
    end_s: float
    packets: tuple[int, ...] | None = None


def plan_stretch(
    table: PacketTable,
    first_pts: int,
    time_s: Callable[[int], float],
    start_s: float,
    end_s: float,
    *,
    early: bool = False,
) -> Stretch:
    """The frames of `[start_s, end_s)`, or the one that stands then where none begins in it.

    Frames that those of a copy refer to come with it, and so do those in between: its last frame
    may be a few later than asked. `early`: a copy may begin before `start_s`, with the nearest
    packet that stands alone, and end with a picture that stands for long.
    """
    shown = table.shown_pts(first_pts)
    if not table.usable or not shown:
        return Stretch(start_s, end_s)
    begin, last = _first_and_last(shown, time_s, start_s, end_s)
    stands_on = time_s(_after(table, shown, last)) > end_s + STANDS_S
    stands = stands_on or time_s(begin) > start_s + STANDS_S
    keys = [i for i, key in enumerate(table.is_key) if key and first_pts <= table.pts[i] <= begin]
    packets = None
    if keys and (early or table.pts[keys[-1]] == begin):
        begin = table.pts[keys[-1]]
        packets, last = _closed(table, keys[-1], begin, last)
    if stands and not early:
        packets = None  # it would hold more, or less, of a picture than was asked for
    return Stretch(time_s(begin), time_s(_after(table, shown, last)), packets)


def coded_stretch(
    table: PacketTable,
    first_pts: int,
    time_s: Callable[[int], float],
    start_s: float,
    end_s: float,
) -> Stretch:
    """The same for pictures that are coded anew: one that stands for long is cut to the second."""
    shown = table.shown_pts(first_pts)
    if not table.usable or not shown:
        return Stretch(start_s, end_s)
    begin, last = _first_and_last(shown, time_s, start_s, end_s)
    begin_s, until_s = time_s(begin), time_s(_after(table, shown, last))
    until_s = min(until_s, end_s) if until_s > end_s + STANDS_S else until_s
    if abs(begin_s - start_s) > STANDS_S and start_s < until_s:
        begin_s = start_s
    return Stretch(begin_s, until_s)


def _first_and_last(
    shown: Sequence[int], time_s: Callable[[int], float], start_s: float, end_s: float
) -> tuple[int, int]:
    wanted = [pts for pts in shown if start_s - NEAR_S <= time_s(pts) < end_s - NEAR_S]
    wanted = wanted or [max((p for p in shown if time_s(p) <= start_s), default=shown[0])]
    return wanted[0], wanted[-1]


def _after(table: PacketTable, shown: Sequence[int], last: int) -> int:
    return next((pts for pts in shown if pts > last), last + table.last_duration)


def decoding_times(packets: tuple[int, ...]) -> list[int]:
    """-> times at which packets are decoded: rising, none after its own time of presentation.

    >>> decoding_times((0, 3, 1, 2))
    [-1, 0, 1, 2]
    """
    rising = sorted(packets)
    late = max(a - b for a, b in zip(rising, packets, strict=True))
    return [pts - late for pts in rising]


def _closed(table: PacketTable, key: int, begin: int, last: int) -> tuple[tuple[int, ...], int]:
    """-> packets from `key` on, of which none is missing up to the last one shown; that one."""
    while True:
        until = max(i for i in range(key, len(table.pts)) if begin <= table.pts[i] <= last)
        chosen = range(key, until + 1)
        latest = max(table.pts[i] for i in chosen if table.is_shown[i])
        if latest <= last:
            return tuple(table.pts[i] for i in chosen if table.pts[i] >= begin), last
        last = latest
