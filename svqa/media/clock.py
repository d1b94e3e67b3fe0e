"""Packets of a whole file -> one clock for all of its streams, also where the file's own jumps.

Two recordings joined (`cat a.ts b.ts`) begin their times anew; a part may lie a day ahead. Each
part is moved to where the part before it ended, pictures and sound by the same amount, so that what
belongs together stays together. Packets are told apart by their byte position.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet

BACK_S = 0.1  # decoding times never go back within a recording
AHEAD_S = 10.0  # further ahead than this of every stream is another recording, not a pause
# where nothing else tells the time, a picture may stand for minutes
AHEAD_ALONE_S = 600.0
SAME_JUMP_S = 5.0  # jumps of two streams nearer than this are one jump of the file
OVERLAP_S = 0.25  # sound may reach this far into the next part before that has to wait for it
FIRST_PACKETS = 32  # the earliest picture of a part is among its first packets


@dataclass
class Part:
    """A stretch of one stream whose clock runs evenly: seconds as the file has them."""

    position: int
    begin_s: float = math.inf
    end_s: float = -math.inf
    last_dts_s: float = -math.inf
    packets: int = 0
    content_s: float = 0.0

    def add(self, pts_s: float, dts_s: float, long_s: float) -> None:
        self.packets += 1
        if self.packets <= FIRST_PACKETS:
            self.begin_s = min(self.begin_s, pts_s)
        self.end_s = max(self.end_s, pts_s + long_s)
        self.last_dts_s = dts_s
        self.content_s += long_s


@dataclass
class Clock:
    """What to add to the times of a stream's packets, from which byte position on.

    `shifts`: by kind of stream, `(position, seconds)`. `probe_bytes`: how much has to be looked at
    when the file is opened for all of its streams to be known (0: the usual). `sound_end_s`: where
    the sound ends on this clock, if that was seen on the way. `begins`: by kind of stream, the byte
    to open the file at for a stream that no amount of looking from the beginning would show.
    """

    shifts: dict[str, list[Sequence[float]]] = field(default_factory=dict)
    probe_bytes: int = 0
    sound_end_s: float | None = None
    begins: dict[str, int] = field(default_factory=dict)

    @property
    def jumps(self) -> bool:
        """Whether a time does not say where in the file it is."""
        return any(self.shifts.values())

    def shift_s(self, kind: str, position: int) -> float:
        """-> what to add to the time of a packet at this byte position."""
        shifts = self.shifts.get(kind, [])
        index = bisect_right(shifts, position, key=itemgetter(0))
        return shifts[index - 1][1] if index else 0.0

    def apply(self, packet: Packet, position: int) -> float:
        """Put a packet on this clock -> the seconds by which it was moved."""
        shift_s = self.shift_s(packet.stream.type, position) if self.jumps else 0.0
        if shift_s:
            ticks = round(shift_s / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        return shift_s


def jumps(kind: str, dts_s: float, parts: dict[str, list[Part]]) -> bool:
    """Whether a packet of this kind and decoding time belongs to another recording.

    Not where the picture merely stands, or the sound pauses, while another stream goes on.
    """
    last_s = parts[kind][-1].last_dts_s
    if dts_s < last_s - BACK_S:
        return True
    others = [p[-1] for k, p in parts.items() if k != kind and p]
    witnesses = [p for p in others if p.last_dts_s > last_s - AHEAD_S]  # one that ended is none
    if dts_s <= last_s + (AHEAD_S if witnesses else AHEAD_ALONE_S):
        return False
    return not any(
        p.begin_s <= last_s + AHEAD_S and p.last_dts_s >= dts_s - AHEAD_S for p in witnesses
    )


def aligned(parts: dict[str, list[Part]]) -> dict[str, list[Sequence[float]]]:
    """Move every part to the end of the one before it; one jump of the file moves all streams."""
    shift_s = dict.fromkeys(parts, 0.0)
    shifts: dict[str, list[Sequence[float]]] = {kind: [] for kind in parts}
    for jump in _in_file_order(parts):
        wanted = {
            kind: shift_s[kind] + parts[kind][i - 1].end_s - parts[kind][i].begin_s
            for kind, i in jump.items()
        }
        common_s = wanted.get("video", next(iter(wanted.values())))
        if wanted.get("audio", -math.inf) > common_s + OVERLAP_S:
            common_s = wanted["audio"]
        at = min(parts[kind][i].position for kind, i in jump.items())
        unborn = [k for k in parts if k not in jump and parts[k] and parts[k][0].position >= at]
        for kind in [*jump, *unborn]:
            shift_s[kind] = common_s
            begin = parts[kind][jump[kind]].position if kind in jump else at
            shifts[kind].append((begin, common_s))
    return shifts


def _in_file_order(parts: dict[str, list[Part]]) -> Iterable[dict[str, int]]:
    """-> the jumps of the file: for each the number of the part it begins, by kind of stream."""
    video, audio = parts.get("video", []), parts.get("audio", [])
    free = list(range(1, len(audio)))
    jumps: list[dict[str, int]] = []
    for i in range(1, len(video)):
        length_s = video[i].begin_s - video[i - 1].end_s
        near = [
            j
            for j in free[:8]
            if abs(audio[j].begin_s - audio[j - 1].end_s - length_s) < SAME_JUMP_S
        ]
        jumps.append({"video": i})
        if near:
            jumps[-1]["audio"] = near[0]
            free = [j for j in free if j > near[0]]
    taken = {jump["audio"] for jump in jumps if "audio" in jump}
    jumps += [{"audio": j} for j in range(1, len(audio)) if j not in taken]
    return sorted(jumps, key=lambda jump: min(parts[k][i].position for k, i in jump.items()))
