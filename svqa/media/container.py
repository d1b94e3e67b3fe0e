"""Open file descriptor -> a container, its streams, its packet table.

It was let in by its content. Only the worker imports this.

Demuxers, decoders and protocols are allow-lists: what is not named here is never parsed, so a
playlist, picture or script called .mp4 is refused and nothing that it points at is opened.
"""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from svqa.errors import NotAVideo, NoVideoStream, TooLarge
from svqa.media.byte_ranges import FilmBytes
from svqa.media.clock import Clock
from svqa.media.decoder_log import DecoderLog
from svqa.media.streams import AUDIO_CODECS, VIDEO_CODECS, best_audio, best_video

if TYPE_CHECKING:
    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

FORMATS = tuple("mov matroska webm avi mpegts mpeg flv ogg asf ivf mxf mp3 wav flac aac".split())
ALIVE_EVERY_S = 0.5
LEAP_S = 0.25
MOST_HELD_BACK_S = 600.0  # a picture may stand for minutes before one that was decoded with it
_SIZE = re.compile(r"Picture size (\d+x\d+)")


@dataclass
class Source:
    """One file as the worker sees it.

    Its bytes, the name to use in errors, limits, and a sign of life to give.
    """

    film: FilmBytes
    name: str
    max_pixels: int
    threads: int
    alive: Callable[[], object] = field(default=lambda: None)
    clock: Clock = field(default_factory=Clock)
    log: DecoderLog = field(default_factory=DecoderLog)
    unread: InputContainer | None = None  # opened, with nothing read: the next `open` gives it
    _alive_at: float = 0.0
    _refused_size: str = ""
    _damaged_early: bool = False  # met while the file was opened, which reads ahead

    def tick(self) -> None:
        """Tell the parent now and then that work goes on.

        Called from the loops that work, so a stuck loop is silent.
        """
        now = time.monotonic()
        if now - self._alive_at > ALIVE_EVERY_S:
            self._alive_at = now
            self.alive()

    def open(self, kind: str = "video") -> InputContainer:
        """-> av container, from where its stream of this kind is known. Raises NotAVideo."""
        if self.unread is not None:
            container, self.unread = self.unread, None
            return container
        options = {
            "protocol_whitelist": "file",
            "format_whitelist": ",".join(FORMATS),
            "codec_whitelist": ",".join(VIDEO_CODECS + AUDIO_CODECS),
            "max_pixels": str(self.max_pixels),
        }
        if self.clock.probe_bytes:  # a stream begins late, and has to be known from the beginning
            options |= {"probesize": str(self.clock.probe_bytes), "analyzeduration": str(1 << 50)}
        if kind in self.clock.begins:
            options["skip_initial_bytes"] = str(self.clock.begins[kind])
        try:
            av.logging.set_level(av.logging.ERROR)
            opened = self.film.opened()
            with av.logging.Capture() as log:
                container = av.open(opened, mode="r", options=options, metadata_errors="replace")
            # the libraries say a thing once, also of a file that is opened again
            self._damaged_early |= any(self.log.tells_damage(text.encode()) for *_, text in log)
            said = (m[1] for _, _, text in log if (m := _SIZE.search(text)))
            self._refused_size = next(said, self._refused_size)  # the log says it once
            return container
        except av.error.MemoryError:
            raise
        except (av.error.FFmpegError, ValueError) as error:
            raise NotAVideo(
                f"'{self.name}' is not a video svqa reads (expected MP4/MOV, Matroska/WebM, AVI, "
                f"MPEG-TS/PS, FLV, Ogg, ASF, IVF or MXF; {_reason(error)}). If it is damaged, copy "
                "it again."
            ) from None
        finally:
            av.logging.set_level(None)
            self.log.listen()

    def open_video(self) -> tuple[InputContainer, VideoStream]:
        """-> a container and its `video_stream`, ready to decode."""
        container = self.open()
        return container, self.video_stream(container)

    def video_stream(self, container: InputContainer) -> VideoStream:
        """-> the stream of moving pictures that is meant, ready to decode.

        Raises NoVideoStream, TooLarge, NotAVideo.
        """
        stream = best_video(container)
        if stream is None:
            what = "only cover art" if container.streams.video else "no moving pictures"
            sound = " and sound" if container.streams.audio else ""
            raise NoVideoStream(
                f"'{self.name}' holds {what}{sound}. Expected a file with a video stream."
            )
        codec = stream.codec_context
        if codec is None or codec.name not in VIDEO_CODECS:
            raise NotAVideo(
                f"'{self.name}' is coded as {codec.name if codec else 'something unknown'}, which "
                "svqa does not decode. Convert it to H.264, for example: ffmpeg -i IN -c:v libx264 "
                "OUT.mp4"
            )
        if not codec.width and self._refused_size:  # so large that libavcodec forgot it at once
            self.check_pixels(*map(int, self._refused_size.split("x")))
        self.check_pixels(codec.width, codec.height)
        self._prepare(container, stream)
        codec.options = {"max_pixels": str(self.max_pixels)}
        return stream

    def audio_stream(self, container: InputContainer) -> AudioStream | None:
        """-> the sound that is meant, ready to decode; None where there is none to be decoded."""
        stream = best_audio(container)
        if stream is not None:
            self._prepare(container, stream)
        return stream

    def check_pixels(self, width: int, height: int) -> None:
        """Raises TooLarge before any memory for such a frame is taken."""
        if width * height > self.max_pixels:
            raise TooLarge(
                f"'{self.name}' says its frames are {width} x {height} = {width * height:,} "
                f"pixels; at most {self.max_pixels:,} are decoded. Scale it down, or raise "
                "Limits(max_pixels=...)."
            )

    def _prepare(self, container: InputContainer, stream: VideoStream | AudioStream) -> None:
        for other in container.streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = self.threads

    def packets(
        self, container: InputContainer, stream: Stream | None, state: ReadState | None = None
    ) -> Iterator[Packet]:
        """Yield packets until the end or the first unreadable place; `state` tells which.

        Of one stream, on the file's clock; with None of all streams, with the times they have.
        """
        state, position = state or ReadState(), 0
        damaged: tuple[int | None, float] | None = None  # the packet before this one
        before_pts: int | None = None
        latest_pts: int | None = None
        try:
            for packet in container.demux(*(() if stream is None else (stream,))):
                self.tick()
                if packet.size == 0 and packet.pts is None:
                    continue  # PyAV's own flush packet at the end
                state.packets += 1
                position = position if packet.pos is None else packet.pos
                shift_s = self.clock.apply(packet, position) if stream is not None else 0.0
                # where two recordings meet, libavformat misses packets that never were
                if damaged and damaged[1] == shift_s and damaged[0] is not None:
                    state.damaged_pts.append(damaged[0])
                damaged = (packet.pts, shift_s) if packet.is_corrupt else None
                if packet.dts is not None and _is_misdated(packet):
                    packet.pts = packet.dts
                    state.damaged_pts.append(packet.dts)
                if self.log.complained() and before_pts is not None:
                    state.damaged_pts.append(before_pts + 1)  # something is missing in between
                elif self._damaged_early and latest_pts is not None and _leaps(packet, latest_pts):
                    state.damaged_pts.append(latest_pts + 1)
                if packet.pts is not None:
                    latest_pts = max(packet.pts, latest_pts or packet.pts)
                before_pts = packet.pts if packet.pts is not None else before_pts
                yield packet
            # the last one: the file ends within it, or in what cannot be read
            state.broken |= damaged is not None or self.log.complained()
        except IndexError:
            pass  # PyAV at the end of a file in which a stream appeared: all packets have come
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:
            state.broken, state.reason = True, _reason(error)


@dataclass
class ReadState:
    """How reading went: packets seen, whether it broke off, what came out damaged."""

    packets: int = 0
    broken: bool = False
    reason: str = ""
    errors: int = 0
    damaged_pts: list[int] = field(default_factory=list)


@dataclass
class PacketTable:
    """Packets of the video stream in decoding order, in the stream's time base.

    `is_shown` is 0 for packets that are decoded and never presented (cut away by an edit list,
    hidden by VP8), `is_repeat` 1 for empty ones, which show the picture before them again. `usable`
    is False where times are missing or double, so that a packet cannot be told by its time.
    """

    pts: array[int] = field(default_factory=lambda: array("q"))
    is_key: bytearray = field(default_factory=bytearray)
    is_shown: bytearray = field(default_factory=bytearray)
    is_repeat: bytearray = field(default_factory=bytearray)
    last_duration: int = 0
    usable: bool = True
    _latest_pts: int = 0

    def add(self, packet: Packet, *, is_key: bool, is_shown: bool) -> None:
        if packet.pts is None:
            self.usable = False
            return
        if is_shown and (not self.last_duration or packet.pts >= self._latest_pts):
            self._latest_pts, self.last_duration = packet.pts, packet.duration or 0
        self.pts.append(packet.pts)
        self.is_key.append(is_key)
        self.is_shown.append(is_shown)
        self.is_repeat.append(packet.size == 0)

    def coded_pts(self) -> list[int]:
        """Of the packets that hold a picture of their own."""
        return sorted(pts for pts, again in zip(self.pts, self.is_repeat, strict=True) if not again)

    def shown_pts(self, first_pts: int) -> list[int]:
        """Presentation order, from the first presented frame."""
        return sorted(
            pts
            for pts, shown in zip(self.pts, self.is_shown, strict=True)
            if shown and pts >= first_pts
        )


def is_shown(packet: Packet, codec_name: str) -> bool:
    """Whether decoding this packet gives a frame to present.

    VP8 says so in its frame header (RFC 6386, section 9.1).
    """
    return not packet.is_discard and not (
        codec_name == "vp8" and packet.size and not memoryview(packet)[0] & 0x10
    )


def _leaps(packet: Packet, latest_pts: int) -> bool:
    """Whether several pictures, or as much sound, are left out before it."""
    if packet.pts is None or packet.time_base is None:
        return False
    left_out, long = packet.pts - latest_pts, packet.duration or 0
    return seconds(left_out, packet.time_base) > LEAP_S and left_out > 8 * long


def _is_misdated(packet: Packet) -> bool:
    """Whether it would be shown so long after, or before, it is decoded as no codec lets it be."""
    if packet.pts is None or packet.dts is None or packet.time_base is None:
        return False
    off = abs(packet.pts - packet.dts)
    return seconds(off, packet.time_base) > MOST_HELD_BACK_S and off > 32 * (packet.duration or 0)


def seconds(pts: int, time_base: Fraction) -> float:
    """One rounding only, so that frame 15 of 30 a second is exactly 0.5."""
    return pts * time_base.numerator / time_base.denominator


def declared_end_s(container: InputContainer) -> float | None:
    """-> the second at which the file ends by its own header; None where it does not say."""
    if not container.duration or container.duration < 0:
        return None
    return ((container.start_time or 0) + container.duration) / av.time_base


def _reason(error: Exception) -> str:
    return (
        str(getattr(error, "strerror", None) or error).split(":")[0].strip().lower()
        or type(error).__name__
    )
