"""Packet table, wanted frames -> the groups of pictures to decode, and how far into each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from svqa.media.container import PacketTable

if TYPE_CHECKING:
    from av import Packet

# decoders that skip frames nothing refers to, and lose nothing
SKIPS_NONREF = ("h264", "hevc", "mpeg2video", "mpeg4")
# every packet of theirs that is no field gives a frame
GIVE_ALL_FRAMES = ("h264", "hevc", "mpeg2video", "mjpeg")


@dataclass(frozen=True)
class Group:
    """Feed packets from the keyframe to `until_pts`.

    `continues` the group before it without a flush between.
    """

    until_pts: int
    continues: bool


@dataclass(frozen=True)
class Plan:
    """`groups`: by the keyframe's pts; `wanted`: pts of the frames to deliver; `keys`: all of them.

    What is in no group is never decoded. `repeats`: whether a picture may be wanted again later.
    """

    groups: dict[int, Group]
    wanted: set[int]
    keys: frozenset[int] = frozenset()
    repeats: bool = False


def plan_groups(table: PacketTable, wanted: set[int]) -> Plan:
    """The groups to decode for a wanted picture.

    Where it is shown before the keyframe of its own group, the group before is needed too: an open
    group.
    """
    runs: list[list[int]] = []  # pts of one group, decoding order
    for pts, is_key in zip(table.pts, table.is_key, strict=True):
        if is_key or not runs:
            runs.append([])
        runs[-1].append(pts)
    until: dict[int, int] = {}
    for number, run in enumerate(runs):
        mine = [pts for pts in run if pts in wanted]
        if not mine:
            continue
        until[number] = mine[-1]
        if number and min(mine) < run[0]:
            until[number - 1] = runs[number - 1][-1]
    groups = {runs[n][0]: Group(pts, n - 1 in until) for n, pts in until.items()}
    return Plan(groups, wanted, frozenset(run[0] for run in runs), any(table.is_repeat))


def as_planned(packets: Iterable[Packet], plan: Plan) -> Iterator[Packet]:
    """The packets up to the keyframe that follows the last group, which ends its damage.

    Decoders give their last frames when they are told that nothing follows. Until the end of the
    file, that would be hours of packets for one picture near the beginning.
    """
    left = len(plan.groups)
    for packet in packets:
        yield packet
        if packet.pts in plan.keys:
            if not left:
                return
            left -= packet.pts in plan.groups
