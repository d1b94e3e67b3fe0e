"""Every packet of a file, none decoded -> its clock, and where its sound ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from svqa.media.clock import Clock, Part, aligned, jumps
from svqa.media.container import Source, declared_end_s, seconds
from svqa.media.streams import best_audio, best_video, hides_streams

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.stream import Stream

MOST_PARTS = 10_000  # more jumps than this are noise
MOST_PROBED_BYTES = 256 << 20
PAUSE_S = 6 * 3600.0  # sound after a longer one has a broken clock
CHECK_EVERY_BYTES = 1 << 20


def find_clock(source: Source) -> Clock:
    """-> the clock of a file; empty, with nothing read, where its format has one for all."""
    container = source.open()
    if not hides_streams(container):
        source.unread = container
        return Clock()
    parts, hidden_at = _parts_of(source, container)
    missing = next((kind for kind in ("video", "audio") if kind not in parts), "")
    container.close()
    if hidden_at is not None and container.format.name == "mpegts":
        source.clock = Clock(begins={missing: hidden_at})
        with source.open(missing) as container:
            late, _ = _parts_of(source, container)
        parts |= {missing: late[missing]} if missing in late else {}
        source.clock.begins = source.clock.begins if missing in late else {}
    elif hidden_at is not None:
        source.clock = Clock(probe_bytes=min(source.film.size_bytes, MOST_PROBED_BYTES))
        with source.open() as container:
            parts, _ = _parts_of(source, container)
    if sum(map(len, parts.values())) > MOST_PARTS:
        parts = {}
    clock = Clock(aligned(parts), source.clock.probe_bytes, begins=source.clock.begins)
    if parts.get("audio"):
        last = parts["audio"][-1]
        clock.sound_end_s = last.end_s + clock.shift_s("audio", last.position)
    return clock


def sound_end_s(source: Source) -> float | None:
    """-> the second of the file's clock at which its sound ends; None without sound.

    A time that no header confirms counts only as far as there is sound up to it, and none after
    hours in which there is none.
    """
    with source.open() as container:
        stream = source.audio_stream(container)
        if stream is None or source.clock.sound_end_s is not None:
            return source.clock.sound_end_s
        parts = [Part(0)]
        for packet in source.packets(container, stream):
            at_s = 0.0 if packet.pts is None else seconds(packet.pts, packet.time_base)
            if parts[0].packets and at_s > parts[0].end_s + PAUSE_S:
                break
            _add(parts, packet)
        part = parts[0]
        if not part.packets:
            return None
        declared_s = declared_end_s(container)
        if declared_s is not None and part.end_s <= declared_s + 1:
            return part.end_s
        return min(part.end_s, part.begin_s + part.content_s)


def _add(parts: list[Part], packet: Packet) -> None:
    pts = packet.dts if packet.pts is None else packet.pts
    if pts is not None:
        base = packet.time_base
        dts = pts if packet.dts is None else packet.dts
        long_s = seconds(packet.duration or 0, base)
        parts[-1].add(seconds(pts, base), seconds(dts, base), long_s)


def _parts_of(
    source: Source, container: InputContainer
) -> tuple[dict[str, list[Part]], int | None]:
    """-> the parts of the pictures and of the sound, as far as libavformat knew them at first.

    Also the byte before which a stream appeared, where the pictures or the sound are missing.
    """
    chosen: list[Stream] = [s for s in (best_video(container), best_audio(container)) if s]
    known, checked, hidden_at = len(container.streams), 0, None
    parts: dict[str, list[Part]] = {s.type: [] for s in chosen}
    indices = {s.index for s in chosen}
    for packet in source.packets(container, None):
        position = packet.pos or 0
        if len(chosen) < 2 and hidden_at is None and position > checked + CHECK_EVERY_BYTES:
            hidden_at = checked if _count_streams(container) > known else None
            checked = position
        if packet.stream_index in indices and packet.dts is not None:
            mine = parts[packet.stream.type]
            if not mine or jumps(packet.stream.type, seconds(packet.dts, packet.time_base), parts):
                mine.append(Part(position))
            _add(mine, packet)
            if len(mine) > MOST_PARTS:
                break
    if len(chosen) < 2 and hidden_at is None and _count_streams(container) > known:
        hidden_at = checked
    return parts, hidden_at


def _count_streams(container: InputContainer) -> int:
    """-> how many streams libavformat knows by now: PyAV lists those that it knew at first."""
    av.logging.set_level(av.logging.INFO)  # what it prints is a log
    try:
        text = container.dumps_format()  # type: ignore[attr-defined]
    finally:
        av.logging.set_level(None)
    return text.count("Stream #")
