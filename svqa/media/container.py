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

if TYPE_CHECKING:
    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

FORMATS = tuple("mov matroska webm avi mpegts mpeg flv ogg asf ivf mxf mp3 wav flac aac".split())
VIDEO_CODECS = tuple(
    (
        "h264 hevc vp8 libvpx vp9 libvpx-vp9 av1 libdav1d mpeg1video mpeg2video mpeg4 msmpeg4 "
        "msmpeg4v1 msmpeg4v2 h263 flv wmv1 wmv2 wmv3 vc1 theora mjpeg prores dnxhd ffv1 rawvideo"
    ).split()
)
AUDIO_CODECS = tuple(
    (
        "aac mp3 mp3float ac3 eac3 opus libopus vorbis libvorbis flac alac wmav1 wmav2 amrnb amrwb "
        "pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_f32le pcm_f32be pcm_u8 pcm_s8 "
        "pcm_mulaw pcm_alaw mp2 mp2float adpcm_ms adpcm_ima_wav"
    ).split()
)
ALIVE_EVERY_S = 0.5
_SIZE = re.compile(r"Picture size (\d+x\d+)")


@dataclass
class Source:
    """One file as the worker sees it.

    The descriptor's path, the name to use in errors, limits, and a sign of life to give.
    """

    path: str
    name: str
    max_pixels: int
    threads: int
    alive: Callable[[], object] = field(default=lambda: None)
    _alive_at: float = 0.0
    _refused_size: str = ""

    def tick(self) -> None:
        """Tell the parent now and then that work goes on.

        Called from the loops that work, so a stuck loop is silent.
        """
        now = time.monotonic()
        if now - self._alive_at > ALIVE_EVERY_S:
            self._alive_at = now
            self.alive()

    def open(self) -> InputContainer:
        """-> av container. Raises NotAVideo."""
        options = {
            "protocol_whitelist": "file",
            "format_whitelist": ",".join(FORMATS),
            "codec_whitelist": ",".join(VIDEO_CODECS + AUDIO_CODECS),
            "max_pixels": str(self.max_pixels),
        }
        try:
            av.logging.set_level(av.logging.ERROR)
            with av.logging.Capture() as log:
                container = av.open(f"file:{self.path}", options=options, metadata_errors="replace")
            self._refused_size = next((m[1] for _, _, text in log if (m := _SIZE.search(text))), "")
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

    def video_stream(self, container: InputContainer) -> VideoStream:
        """-> the first stream of moving pictures, ready to decode.

        Raises NoVideoStream, TooLarge, NotAVideo.
        """
        videos = [
            s
            for s in container.streams.video
            if not s.disposition & av.stream.Disposition.attached_pic
        ]
        if not videos:
            what = "only cover art" if container.streams.video else "no moving pictures"
            sound = " and sound" if container.streams.audio else ""
            raise NoVideoStream(
                f"'{self.name}' holds {what}{sound}. Expected a file with a video stream."
            )
        stream = videos[0]
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
        """-> the first sound stream, ready to decode, or None.

        Raises NotAVideo for a codec that is not read.
        """
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        if stream.codec_context is None or stream.codec_context.name not in AUDIO_CODECS:
            raise NotAVideo(
                f"the sound of '{self.name}' is in a codec svqa does not decode. Convert it to "
                "AAC, for example: ffmpeg -i IN -c:v copy -c:a aac OUT.mp4"
            )
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
        self, container: InputContainer, stream: Stream, state: ReadState
    ) -> Iterator[Packet]:
        """Yield packets until the end or the first unreadable place; `state` tells which."""
        try:
            for packet in container.demux(stream):
                self.tick()
                if packet.size == 0 and packet.dts is None:
                    continue  # PyAV's own flush packet at the end
                state.packets += 1
                state.broken |= packet.is_corrupt
                yield packet
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:
            state.broken, state.reason = True, _reason(error)


@dataclass
class ReadState:
    """How reading went: packets seen, whether it broke off, and frames that came out damaged."""

    packets: int = 0
    broken: bool = False
    reason: str = ""
    errors: int = 0


@dataclass
class PacketTable:
    """Packets of the video stream in decoding order, in the stream's time base.

    `is_shown` is 0 for packets that are decoded and never presented (cut away by an edit list,
    hidden by VP8). `usable` is False where times are missing or double, so that a packet cannot be
    told by its time.
    """

    pts: array[int] = field(default_factory=lambda: array("q"))
    is_key: bytearray = field(default_factory=bytearray)
    is_shown: bytearray = field(default_factory=bytearray)
    last_duration: int = 0
    usable: bool = True
    _latest_pts: int = 0

    def add(self, packet: Packet, *, is_shown: bool) -> None:
        if packet.pts is None:
            self.usable = False
            return
        if is_shown and (not self.last_duration or packet.pts >= self._latest_pts):
            self._latest_pts, self.last_duration = packet.pts, packet.duration or 0
        self.pts.append(packet.pts)
        self.is_key.append(packet.is_keyframe)
        self.is_shown.append(is_shown)

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


def seconds(pts: int, time_base: Fraction) -> float:
    """One rounding only, so that frame 15 of 30 a second is exactly 0.5."""
    return pts * time_base.numerator / time_base.denominator


def _reason(error: Exception) -> str:
    return (
        str(getattr(error, "strerror", None) or error).split(":")[0].strip().lower()
        or type(error).__name__
    )
