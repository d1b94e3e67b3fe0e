"""Open file, spans -> a clip of them in another open file. Only the worker imports this.

Packets are copied where a copy can show what is wanted, else pictures are coded anew; sound is
copied wherever the clip's container takes it.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar, cast

import av

from svqa.errors import MediaError, UsageError
from svqa.media.container import ReadState, Source, seconds
from svqa.media.cut_plan import (
    NEAR_S,
    STANDS_S,
    Stretch,
    coded_stretch,
    decoding_times,
    plan_stretch,
)
from svqa.media.decoders import PyavVideo
from svqa.media.pyav_reader import SEEK_AFTER_S
from svqa.media.sampling import Sampling

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

CLOCK_HZ = 90_000
CODERS = {
    "webm": ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5"}, "libopus"),
    "": ("libx264", {"crf": "18", "preset": "veryfast"}, "aac"),
}
SOUND_HZ = 48_000
LEAST_RATE_HZ = 25.0
BT709, LIMITED_RANGE = 1, 1
S = TypeVar("S", "VideoStream", "AudioStream")


class Cutter:
    """Cuts one film; `copied` and `parts` say afterwards what the clip holds."""

    def __init__(self, source: Source, spans: Sequence[tuple[float, float]], how: str, format: str):
        self.source, self.format = source, format
        self.video = PyavVideo(source)
        self._spans = [(start_s, end_s) for start_s, end_s in spans]
        self.parts = self._copied_parts(early=how == "copy")
        can = all(part.packets for part in self.parts) and not self.video.reader.counts_frames
        self.copied = can and how != "encode"
        if how == "copy" and not can:
            raise UsageError(
                f"'{source.name}' has no packets that can be cut out: its times are missing or "
                "double. Leave --copy out."
            )
        self.how = how

    @property
    def _rate_hz(self) -> float:
        """Of what is coded: a coder lets a last picture stand as long as one at this rate."""
        return max(LEAST_RATE_HZ, self.video.reader.rate_hz)

    def _copied_parts(self, *, early: bool) -> list[Stretch]:
        """Spans that would hold the same pictures, since those need each other, become one."""
        parts, spans = list[Stretch](), list[tuple[float, float]]()
        for span in self._spans:
            part = self._copied_part(span, early=early)
            while parts and spans[-1] <= span and part.start_s < parts[-1].end_s - NEAR_S:
                before, _ = spans.pop(), parts.pop()
                span = (before[0], max(before[1], span[1]))
                part = self._copied_part(span, early=early)
            spans.append(span)
            parts.append(part)
        return parts

    def _copied_part(self, span: tuple[float, float], *, early: bool) -> Stretch:
        reader = self.video.reader
        table = reader.scan(*span)
        return plan_stretch(table, reader.first_pts, reader.time_s, *span, early=early)

    def _coded_parts(self) -> list[Stretch]:
        reader = self.video.reader
        return [
            coded_stretch(reader.scan(*span), reader.first_pts, reader.time_s, *span)
            for span in self._spans
        ]

    def write(self, fd: int) -> None:
        """Write the clip to an open descriptor. Raises MediaError, UsageError."""
        with os.fdopen(fd, "wb") as file:
            if self.copied:
                try:
                    return self._write(file, copy=True)
                except (av.error.FFmpegError, ValueError) as error:
                    if self.how == "copy":
                        raise UsageError(
                            f"{self.format} does not take {self.video.reader.codec} as it is "
                            f"({error}). Leave --copy out, or write .mkv."
                        ) from None
                    file.seek(0)
                    file.truncate()
                    self.copied = False
            self.parts = self._coded_parts()
            try:
                self._write(file, copy=False)
            except av.error.FFmpegError as error:
                raise MediaError(f"'{self.source.name}' could not be cut: {error}") from None

    def _write(self, file: object, *, copy: bool) -> None:
        with av.open(file, "w", format=self.format) as out:
            streams = [self._copied_video(out) if copy else self._coded_video(out)]
            streams.append(self._sound(out))
            dts = heapq.merge(*streams, key=lambda p: (p.dts or 0) * (p.time_base or 1))
            for packet in dts:
                self.source.tick()
                out.mux_one(packet)

    def _copied_video(self, out: OutputContainer) -> Iterator[Packet]:
        with self.source.open() as container:
            new = self._like(out, self.source.video_stream(container))
        return self._copies(new)

    def _copies(self, new: VideoStream) -> Iterator[Packet]:
        reader, at = self.video.reader, 0
        for part in self.parts:
            assert part.packets, "`copied` says so"
            times = dict(zip(part.packets, decoding_times(part.packets), strict=True))
            begin = part.packets[0]
            for packet in reader.packets_from(part.start_s, ReadState())[1]:
                if packet.pts not in times:
                    continue
                packet.dts = times.pop(packet.pts) - begin + at
                packet.pts += at - begin
                packet.stream = new
                yield packet
                if not times:
                    break
            at += round((part.end_s - part.start_s) / reader.time_base)

    def _coded_video(self, out: OutputContainer) -> Iterator[Packet]:
        name, options, _ = CODERS.get(self.format, CODERS[""])
        reader = self.video.reader
        rate = Fraction(self._rate_hz).limit_denominator(1001)
        stream = cast("VideoStream", out.add_stream(name, rate=rate, options=dict(options)))
        width, height = (max(2, side // 2 * 2) for side in reader.shown_wh)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        codec = stream.codec_context
        codec.time_base = Fraction(1, CLOCK_HZ)
        codec.colorspace = codec.color_primaries = codec.color_trc = BT709
        codec.color_range = LIMITED_RANGE
        return self._codes(stream, (width, height))

    def _codes(self, stream: VideoStream, out_wh: tuple[int, int]) -> Iterator[Packet]:
        import numpy as np

        at_s, step_s = 0.0, 1 / self._rate_hz
        for part in self.parts:
            for t_s, picture in _held(self._pictures(part, out_wh), part.end_s, step_s):
                pixels = np.frombuffer(picture, np.uint8).reshape(out_wh[1], out_wh[0], 3)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                    format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
                )
                frame.time_base = Fraction(1, CLOCK_HZ)
                frame.pts = round((at_s + max(0.0, t_s - part.start_s)) * CLOCK_HZ)
                yield from stream.encode(frame)
            at_s += part.end_s - part.start_s
        yield from stream.encode(None)

    def _pictures(
        self, part: Stretch, out_wh: tuple[int, int]
    ) -> Iterator[tuple[float, memoryview]]:
        begin_s, end_s, came = max(0.0, part.start_s - NEAR_S), part.end_s - NEAR_S, False
        for t_s, picture, _ in self.video.frames(
            Sampling.native(), begin_s, end_s, out_wh, "stretch"
        ):
            if not came and t_s > part.start_s + STANDS_S:
                yield from self._standing(part.start_s, out_wh)
            came = True
            yield t_s, picture
        if not came:  # none begins in these seconds
            yield from self._standing(part.start_s, out_wh)

    def _standing(self, t_s: float, out_wh: tuple[int, int]) -> Iterator[tuple[float, memoryview]]:
        at, end_s = Sampling.at([t_s]), float("inf")
        for _, picture, _ in PyavVideo(self.source).frames(at, 0.0, end_s, out_wh, "stretch"):
            yield t_s, picture

    def _sound(self, out: OutputContainer) -> Iterator[Packet]:
        container = self.source.open("audio")
        stream = self.source.audio_stream(container)
        if stream is None:
            container.close()
            return iter(())
        codec = stream.codec_context.codec.canonical_name
        if codec in out.supported_codecs:
            new = self._like(out, stream)
            return self._copied_sound(container, stream, new)
        mono = stream.codec_context.layout.nb_channels == 1
        coder = CODERS.get(self.format, CODERS[""])[2]
        coded = out.add_stream(coder, rate=SOUND_HZ, layout="mono" if mono else "stereo")
        return self._coded_sound(container, stream, cast("AudioStream", coded))

    def _copied_sound(
        self, container: InputContainer, stream: AudioStream, new: AudioStream
    ) -> Iterator[Packet]:
        for packet, clip_s in self._heard(container, stream):
            packet.pts = packet.dts = round(clip_s / packet.time_base)
            packet.stream = new
            yield packet

    def _coded_sound(
        self, container: InputContainer, stream: AudioStream, new: AudioStream
    ) -> Iterator[Packet]:
        at = 0
        for packet, clip_s in self._heard(container, stream):
            for frame in _decoded(packet):
                at = max(at, round(clip_s * frame.sample_rate))
                frame.pts, frame.time_base = at, Fraction(1, frame.sample_rate)
                at += frame.samples
                yield from new.encode(frame)
        yield from new.encode(None)

    def _heard(
        self, container: InputContainer, stream: AudioStream
    ) -> Iterator[tuple[Packet, float]]:
        """Yield the packets of sound that begin in the clip's parts, each with its second there."""
        zero_s = seconds(self.video.reader.first_pts, self.video.reader.time_base)
        at_s, last = 0.0, -1.0
        for part in self.parts:
            if part.start_s > SEEK_AFTER_S and not self.source.clock.jumps:
                sought = int((part.start_s - 1 + zero_s) / (stream.time_base or 1))
                container.seek(sought, stream=stream)
                stream.codec_context.flush_buffers()
            elif at_s:
                container.close()
                container = self.source.open("audio")
                stream = self.source.audio_stream(container) or stream
            for packet in self.source.packets(container, stream):
                if packet.pts is None:
                    continue
                t_s = seconds(packet.pts, packet.time_base) - zero_s
                if t_s >= part.end_s:
                    break
                clip_s = t_s - part.start_s + at_s
                if t_s >= part.start_s and clip_s > last:
                    last = clip_s
                    yield packet, clip_s
            at_s += part.end_s - part.start_s

    def _like(self, out: OutputContainer, stream: S) -> S:
        name = stream.codec_context.codec.canonical_name
        if name not in out.supported_codecs:
            raise ValueError(f"{name} has no place in it")
        return out.add_stream_from_template(stream)


def _held(
    pictures: Iterator[tuple[float, memoryview]], end_s: float, step_s: float
) -> Iterator[tuple[float, memoryview]]:
    """The last one once more just before the end, if it stands: a file may not say how long."""
    t_s, last = end_s, None
    for t_s, picture in pictures:
        last = bytes(picture)
        yield t_s, picture
    if last is not None and end_s - t_s > 2 * step_s:
        yield end_s - step_s, memoryview(last)


def _decoded(packet: Packet) -> list[AudioFrame]:
    try:
        return cast("list[AudioFrame]", packet.decode())
    except av.error.FFmpegError:
        return []  # what cannot be heard in the film cannot be heard in its clip
