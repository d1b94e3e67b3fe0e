"""Open file -> pieces of mono sound, placed on the video's clock. Only the worker imports this."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from svqa.errors import NoFrames, NotAVideo, NoVideoStream
from svqa.media.container import ReadState, Source, seconds
from svqa.media.pyav_reader import SEEK_AFTER_S, PyavReader
from svqa.media.streams import sound_codecs

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, Packet
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PIECE_SAMPLES = 1 << 16
GAP_S = 0.1  # a jump in the timestamps larger than this is silence or a cut, not rounding
_SAMPLE_BYTES = 4


class SoundReader:
    """Yields `(index, bytes)`: float32 samples and where they begin.

    The first is at `index / rate_hz` seconds of the video's time.
    """

    def __init__(self, source: Source, rate_hz: int):
        self.source, self.rate_hz, self.state = source, rate_hz, ReadState()
        with source.open("audio") as container:
            self.has_sound = source.audio_stream(container) is not None
            coded = sound_codecs(container)
        if coded and not self.has_sound:
            raise NotAVideo(
                f"the sound of '{source.name}' ({coded}) is "
                "in a codec svqa does not decode. Convert it to AAC, for example: ffmpeg -i IN "
                "-c:v copy -c:a aac OUT.mp4"
            )

    def pieces(self, start_s: float, end_s: float) -> Iterator[tuple[int, bytes]]:
        """Sound of `[start_s, end_s)` in order; a gap in the file is a gap between indices."""
        first, last = round(start_s * self.rate_hz), end_s * self.rate_hz
        pending, index = bytearray(), 0
        for at, samples in self._resampled(start_s):
            skip = max(
                0, (index + len(pending) // _SAMPLE_BYTES if pending else max(first, index)) - at
            )
            samples, at = samples[skip * _SAMPLE_BYTES :], at + skip
            if at >= last:
                break
            samples = samples[: max(0, int(min(last - at, 1 << 40))) * _SAMPLE_BYTES]
            if not samples:
                continue
            if pending and at != index + len(pending) // _SAMPLE_BYTES:
                yield index, bytes(pending)
                pending.clear()
            if not pending:
                index = at
            pending += samples
            if len(pending) >= PIECE_SAMPLES * _SAMPLE_BYTES:
                yield index, bytes(pending)
                index += len(pending) // _SAMPLE_BYTES
                pending.clear()
        if pending:
            yield index, bytes(pending)

    def _resampled(self, start_s: float) -> Iterator[tuple[int, bytes]]:
        """Yield `(index, samples)` of one continuous sound after the other.

        With a fresh resampler wherever the sound is not continuous or changes its format.
        """
        resampler, shape, position, expected_s = None, None, 0, 0.0
        for frame, t_s in self._decoded(start_s):
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or kind != shape or abs(t_s - expected_s) > GAP_S:
                if resampler is not None:
                    for index, samples in self._through(resampler, None, position):
                        yield index, samples
                resampler = av.AudioResampler(format="flt", layout="mono", rate=self.rate_hz)
                shape, position, expected_s = kind, round(t_s * self.rate_hz), t_s
            expected_s += frame.samples / frame.sample_rate
            frame.pts = None  # the resampler would second-guess them
            for index, samples in self._through(resampler, frame, position):
                position = index + len(samples) // _SAMPLE_BYTES
                yield index, samples
        if resampler is not None:
            yield from self._through(resampler, None, position)

    @staticmethod
    def _through(
        resampler: AudioResampler, frame: AudioFrame | None, position: int
    ) -> Iterator[tuple[int, bytes]]:
        for out in resampler.resample(frame):
            samples = bytes(memoryview(out.planes[0])[: out.samples * _SAMPLE_BYTES])
            yield position, samples
            position += out.samples

    def _decoded(self, start_s: float) -> Iterator[tuple[AudioFrame, float]]:
        zero_s = self._video_zero_s()
        container, stream, time_base = self._open()
        if start_s > SEEK_AFTER_S and not self.source.clock.jumps:
            try:
                container.seek(int((start_s - 1 + (zero_s or 0)) / time_base), stream=stream)
            except av.error.FFmpegError:
                container, stream, time_base = self._open()
        expected_s = 0.0
        from_s = start_s - 1 + (zero_s or 0) if self.source.clock.jumps else -math.inf
        for frame in self._frames(container, stream, from_s):
            at_s = seconds(frame.pts, time_base) if frame.pts is not None else None
            if zero_s is None:  # no pictures at all: the sound is its own clock
                zero_s = at_s or 0.0
            t_s = at_s - zero_s if at_s is not None else expected_s
            expected_s = t_s + frame.samples / frame.sample_rate
            yield frame, t_s

    def _open(self) -> tuple[InputContainer, AudioStream, Fraction]:
        container = self.source.open("audio")
        stream = self.source.audio_stream(container)
        assert stream is not None and stream.time_base is not None, "`has_sound` said so"
        return container, stream, stream.time_base

    def _frames(
        self, container: InputContainer, stream: AudioStream, from_s: float
    ) -> Iterator[AudioFrame]:
        for packet in self.source.packets(container, stream, self.state):
            if packet.pts is not None and seconds(packet.pts, packet.time_base) < from_s:
                continue  # where nothing can be sought, only decoding can be spared
            yield from self._decode(stream.codec_context, packet)
        yield from self._decode(stream.codec_context, None)

    def _decode(self, codec: AudioCodecContext, packet: Packet | None) -> list[AudioFrame]:
        try:
            return codec.decode(packet)
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            self.state.errors += 1
            return []

    def _video_zero_s(self) -> float | None:
        try:
            video = PyavReader(self.source)
        except (NoVideoStream, NoFrames):
            return None
        return seconds(video.first_pts, video.time_base)
