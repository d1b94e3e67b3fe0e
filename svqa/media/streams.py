"""A container's streams -> the pictures and the sound that its maker means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

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
_D = av.stream.Disposition
_PICTURE = _D.attached_pic | _D.timed_thumbnails
_ASIDE = (
    _D.comment
    | _D.hearing_impaired
    | _D.visual_impaired
    | _D.karaoke
    | _D.descriptions
    | _D.dependent
    | _D.clean_effects
    | _D.non_diegetic
)
_STILLS = ("mjpeg", "png")
_TS_DISCONT = 0x0200  # libavformat's AVFMT_TS_DISCONT


def hides_streams(container: InputContainer) -> bool:
    """Whether a stream may appear, or a clock begin anew, anywhere in a file of this format."""
    return bool(container.format.flags & _TS_DISCONT) or container.format.name == "flv"


def moving_pictures(container: InputContainer) -> list[VideoStream]:
    """-> the streams of moving pictures: no cover art, no thumbnails that are called so."""
    return [s for s in container.streams.video if not s.disposition & _PICTURE]


def best_video(container: InputContainer) -> VideoStream | None:
    """-> the film: what can be decoded, is no strip of thumbnails, is the default, is largest."""
    streams = moving_pictures(container)
    areas = {s.index: _area(s) for s in streams}
    films = [s for s in streams if _codec(s) not in _STILLS]
    largest = max((areas[s.index] for s in films), default=0)
    longest_s = max(map(_long_s, streams), default=0.0)

    def rank(stream: VideoStream) -> tuple:
        still = _codec(stream) in _STILLS or _long_s(stream) < longest_s / 2
        small = still and 4 * areas[stream.index] <= largest
        return (
            _codec(stream) in VIDEO_CODECS,
            not small,
            not stream.disposition & _ASIDE,
            bool(stream.disposition & _D.default),
            areas[stream.index],
            -stream.index,
        )

    return max(streams, key=rank, default=None)


def best_audio(container: InputContainer) -> AudioStream | None:
    """-> the sound that can be decoded and is no comment, the default one before the first."""

    def rank(stream: AudioStream) -> tuple:
        return (
            not stream.disposition & _ASIDE,
            bool(stream.disposition & _D.default),
            -stream.index,
        )

    readable = [s for s in container.streams.audio if _codec(s) in AUDIO_CODECS]
    return max(readable, key=rank, default=None)


def sound_codecs(container: InputContainer) -> str:
    """-> how its sound is coded, in words: "dca, unknown"."""
    return ", ".join(_codec(s) or "unknown" for s in container.streams.audio)


def _codec(stream: Stream) -> str:
    return stream.codec_context.name if stream.codec_context else ""


def _area(stream: VideoStream) -> int:
    codec = stream.codec_context
    return codec.width * codec.height if codec else 0


def _long_s(stream: VideoStream) -> float:
    return float((stream.duration or 0) * (stream.time_base or 0))
