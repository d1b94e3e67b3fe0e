"""Open file -> its packets and its frames in the order they are shown, each with its time.

Only the worker imports this.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import av

from svqa.errors import NoFrames
from svqa.media.container import PacketTable, ReadState, Source, declared_end_s, is_shown, seconds
from svqa.media.damage import DamageWatch, UnclearDamage
from svqa.media.decode_plan import GIVE_ALL_FRAMES, SKIPS_NONREF, Group, Plan, as_planned
from svqa.media.frame_order import counted, repeated
from svqa.media.geometry import displayed_size, orientation
from svqa.media.random_access import begins_here
from svqa.media.streams import best_audio, sound_codecs

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

MOST_HELD_S = 24 * 3600.0
SEEK_AFTER_S = 20.0  # nearer than this, reading on from the beginning is as quick as seeking


class PyavReader:
    """A video file opened with PyAV; what it is like is known from its first frame.

    `state`, `decoded` and `watch` tell how reading went.
    """

    def __init__(self, source: Source):
        self.source = source
        self.state = ReadState()
        self.decoded = 0
        self.watch = DamageWatch(source)
        self._repeats: list[int] = []
        self._decoding: VideoCodecContext | None = None
        self._begun: tuple[ReadState, Iterator[VideoFrame]] | None = None  # up to its first frame
        try:
            self._open_at_first_frame()
        except UnclearDamage:
            self.source.threads = 1
            self._open_at_first_frame()
        self.watch.counts_frames = self.counts_frames
        self.watch.forget()

    def _open_at_first_frame(self) -> None:
        (container, stream), state = self.source.open_video(), ReadState()
        self.watch.begin_pass(state)
        self._begin_decoding(stream)
        frames = self._decode(self.source.packets(container, stream, state), stream)
        first = next(frames, None)
        self.state.broken |= state.broken
        if first is None:
            raise NoFrames(
                f"'{self.source.name}' has a video header, but not one frame of it can be decoded "
                f"({state.packets} packets read). It is damaged or cut short: copy "
                "or export it again."
            )
        assert stream.time_base is not None, "libavformat gives every stream one"
        self.first_pts, self.time_base = first.pts or 0, stream.time_base
        turn = first.side_data.get("DISPLAYMATRIX")
        matrix = bytes(memoryview(turn)) if turn else None  # type: ignore[arg-type]
        self.rotation_deg, self.mirrored = orientation(matrix)
        self.pixel_aspect = float(stream.sample_aspect_ratio or 1) or 1.0
        self.coded_wh = (first.width, first.height)
        self.shown_wh = displayed_size(self.coded_wh, self.pixel_aspect, self.rotation_deg)
        self.rate_hz = float(stream.average_rate or stream.guessed_rate or 0)
        self.codec = stream.codec_context.name
        self.container_name, self._declared_frames = container.format.name, stream.frames
        self.counts_frames = self.container_name == "avi" and self.codec in ("h264", "hevc")
        has_audio = best_audio(container) is not None
        self.has_audio = has_audio or "audio" in self.source.clock.begins
        self.unheard = "" if self.has_audio else sound_codecs(container)
        self._declared_end_s = declared_end_s(container)
        untroubled = not (self._repeats or self.state.errors or state.damaged_pts or state.broken)
        if untroubled and not (self.watch.damage.stretches or self.counts_frames):
            self._begun = state, chain((first,), frames)
        zero_s = seconds(self.first_pts, self.time_base)
        self.declared_s = None if self._declared_end_s is None else self._declared_end_s - zero_s

    def time_s(self, pts: int) -> float:
        """Presentation time from the first presented frame."""
        return seconds(pts - self.first_pts, self.time_base)

    def seconds_long(self, duration: int, pts: int | None = None) -> float:
        """How long a frame is shown.

        Its packet's word where it has a credible one, else one step of the average rate. A last
        frame that stands for long (`pts` says since when) is credible where the header agrees.
        """
        usual_s = 1 / self.rate_hz if self.rate_hz else 0.04
        duration_s = seconds(duration, self.time_base)
        if 0 < duration_s <= max(10 * usual_s, 1.0):
            return duration_s
        if pts is None or self._declared_end_s is None or duration_s > MOST_HELD_S:
            return usual_s
        end_s = seconds(pts + duration, self.time_base)
        return duration_s if duration_s > 0 and end_s <= self._declared_end_s + 1.0 else usual_s

    @property
    def _is_seekable(self) -> bool:
        """Whether a time says where in the file it is."""
        return not (self.counts_frames or self.source.clock.jumps)

    def timed(
        self, start_s: float, plan: Plan | None, *, keys_only: bool = False
    ) -> Iterator[tuple[float, VideoFrame]]:
        """Yield `(t_s, frame)`, later and later, from one at or before `start_s`."""
        last_s = -1.0
        try:
            for t_s, frame in self._later_than(last_s, start_s, plan, keys_only):
                last_s = t_s
                yield t_s, frame
        except UnclearDamage:
            self._decode_singly()
            yield from self._later_than(last_s, max(start_s, last_s), plan, keys_only)

    def _later_than(
        self, last_s: float, start_s: float, plan: Plan | None, keys_only: bool
    ) -> Iterator[tuple[float, VideoFrame]]:
        duration_s, known_s = self.seconds_long(0), last_s
        for frame in self.frames_from(start_s, plan, keys_only=keys_only):
            t_s = self.time_s(frame.pts) if frame.pts is not None else last_s + duration_s
            if t_s <= last_s or t_s < 0:
                # a broken clock: a frame that would go back in time is not shown
                self.state.errors += last_s > known_s
                continue
            yield t_s, frame
            last_s, duration_s = t_s, self.seconds_long(frame.duration, frame.pts)

    def _decode_singly(self) -> None:
        """From now on by one thread, so that every complaint belongs to one packet."""
        self.source.threads = 1
        self.state.errors = 0
        self.watch.forget(is_lasting=self.is_short(self.scan()))

    def is_short(self, table: PacketTable) -> bool:
        """Whether packets are lost of an AVI, which counts them instead of storing times."""
        return self.container_name == "avi" and len(table.pts) < self._declared_frames

    @property
    def damaged_spans_s(self) -> list[tuple[float, float]]:
        """Seconds in which what is shown may be wrong, or is missing."""
        end_s, damage = self.time_s(self.watch.last_fed_pts + 1), self.watch.damage
        end_s = max(end_s, self.declared_s or 0.0) if damage.is_lasting else end_s
        return damage.spans_s(self.time_s, end_s)

    def scan(self, start_s: float = 0.0, last_s: float = float("inf")) -> PacketTable:
        """-> packet table of the groups from `start_s` to `last_s`; nothing is decoded.

        From the group that holds `start_s` to the first group wholly after `last_s`.
        """
        table, state, groups_after, self._begun = PacketTable(), ReadState(), 0, None
        stream, packets = self.packets_from(start_s, state)
        extradata = stream.codec_context.extradata
        for packet in packets:
            is_key = begins_here(packet, self.codec, extradata)
            if is_key and packet.pts is not None and self.time_s(packet.pts) > last_s:
                groups_after += 1
                if groups_after > 1:  # one more than needed: it may show before its keyframe
                    break
            table.add(packet, is_key=is_key, is_shown=is_shown(packet, self.codec))
        table.usable &= len(set(table.pts)) == len(table.pts)
        self.state.broken |= state.broken
        self.state.reason = self.state.reason or state.reason
        return table

    def packets_from(
        self, start_s: float, state: ReadState
    ) -> tuple[VideoStream, Iterator[Packet]]:
        """-> (stream, packets) beginning with a keyframe shown at or before `start_s`."""
        wanted_pts = self.first_pts + int(start_s / self.time_base)
        for margin_s in (0.0, 5.0, 60.0) if start_s > SEEK_AFTER_S and self._is_seekable else ():
            container, stream = self.source.open_video()
            try:
                container.seek(
                    wanted_pts - int(margin_s / self.time_base), stream=stream, backward=True
                )
            except av.error.FFmpegError:
                break
            packets = self.source.packets(container, stream, state)
            extradata = stream.codec_context.extradata
            for packet in packets:
                if packet.is_keyframe:
                    if packet.pts is None or packet.pts > wanted_pts:
                        break
                    if begins_here(packet, self.codec, extradata):
                        return stream, chain((packet,), packets)
        container, stream = self.source.open_video()
        return stream, self.source.packets(container, stream, state)

    def frames_from(
        self, start_s: float, plan: Plan | None, *, keys_only: bool
    ) -> Iterator[VideoFrame]:
        begun, self._begun = self._begun, None
        if begun and plan is None and not keys_only and start_s <= SEEK_AFTER_S:
            yield from self._told(*begun)
            return
        del begun
        state = ReadState()
        self.watch.begin_pass(state)
        self._repeats.clear()
        stream, packets = self.packets_from(start_s, state)
        self._begin_decoding(stream)
        if keys_only:
            stream.codec_context.skip_frame = "NONKEY"
            extradata = stream.codec_context.extradata
            packets = (p for p in packets if begins_here(p, self.codec, extradata))
        frames = (
            self._decode(packets, stream)
            if plan is None
            else self._decode_groups(packets, stream, plan)
        )
        if self.counts_frames and not keys_only:
            frames = counted(frames, self.scan().coded_pts())
        yield from self._told(state, frames)

    def _told(self, state: ReadState, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        yield from repeated(frames, self._repeats)
        self.state.broken |= state.broken
        self.state.packets = max(self.state.packets, state.packets)

    def _begin_decoding(self, stream: VideoStream) -> None:
        """What the threads of the pass before still say is no packet's fault."""
        if self._decoding is not None:
            self._decoding.flush_buffers()  # waits for them
        self._decoding = stream.codec_context
        self.source.log.complained()

    def _decode(self, packets: Iterable[Packet], stream: VideoStream) -> Iterator[VideoFrame]:
        self.source.log.leaves_out = False
        codec = stream.codec_context
        waits = codec.name in GIVE_ALL_FRAMES and codec.skip_frame != "NONKEY"
        since_pts: int | None = None  # frames before the first packet's refer to what was not read
        for packet in packets:
            if waits and packet.pts is not None and packet.size and not packet.is_discard:
                since_pts = packet.pts if since_pts is None else since_pts
                if packet.pts >= since_pts:
                    self.watch.await_frame(packet.pts)
            yield from self._decoded(stream.codec_context, packet)
        yield from self._decoded(stream.codec_context, None)

    def _decode_groups(
        self, packets: Iterable[Packet], stream: VideoStream, plan: Plan
    ) -> Iterator[VideoFrame]:
        """Decode only the groups of pictures that hold a wanted frame.

        Each only as far as its last one.
        """
        codec, begun = stream.codec_context, False
        self.source.log.leaves_out = True
        group: Group | None = None
        may_skip = codec.name in SKIPS_NONREF and not plan.repeats
        for packet in as_planned(packets, plan):
            if packet.pts in plan.keys:
                group = None if packet.pts is None else plan.groups.get(packet.pts)
                if group is not None and not group.continues and begun:
                    yield from self._decoded(codec, None)
                    codec.flush_buffers()
            if group is None:
                self.watch.passed_over(packet)
                continue
            if may_skip:
                codec.skip_frame = "DEFAULT" if packet.pts in plan.wanted else "NONREF"
            yield from self._decoded(codec, packet)
            begun = True
            if packet.pts == group.until_pts:
                group = None
        yield from self._decoded(codec, None)

    def _decoded(self, codec: VideoCodecContext, packet: Packet | None) -> Iterator[VideoFrame]:
        self.source.tick()
        if packet is not None and not packet.size:  # a decoder would take it for the end
            if packet.pts is not None:
                heapq.heappush(self._repeats, packet.pts)
            return
        if packet is not None:
            self.watch.fed(packet)
        try:
            frames, failed = codec.decode(packet), False
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            self.state.errors += 1
            frames, failed = [], True
        self.watch.decoded(packet, frames, failed=failed)
        for frame in frames:
            self.decoded += 1
            self.source.check_pixels(frame.width, frame.height)
            self.watch.came(frame)
            yield frame
