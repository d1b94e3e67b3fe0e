"""A stream that appears while reading never refuses a film, and is used where it is needed.

Each file is larger than what is looked at when it is opened (5 MB).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from svqa.media import Sampling, probe, read_audio, stream_frames
from tests.helpers.clips import ffmpeg, folder, pattern, read_number, variant

RATE, FRAMES = 25, 250
NOISY = {  # picture codecs that make a file larger than the probe
    ".mpg": ("mpeg2video", "mp2"),
    ".vob": ("mpeg2video", "ac3"),
    ".ts": ("mpeg2video", "aac"),
    ".flv": ("flv", "libmp3lame"),
}


@cache
def pictures() -> bytes:
    """10 s of numbered pictures over noise, so that they take up room."""
    rng = np.random.default_rng(5)
    frames = []
    for i in range(FRAMES):
        noise = rng.integers(0, 70, (240, 320, 3), dtype=np.uint8)
        frames.append(np.clip(pattern(i, 320, 240).astype(int) + noise - 35, 0, 255))
    return np.stack(frames).astype(np.uint8).tobytes()


@cache
def clip(suffix: str, tones: tuple[tuple[float, float, int], ...], name: str) -> Path:
    """`tones`: from which second to which there is a sound of so many hertz, a stream each."""
    video, audio = NOISY[suffix]
    path = folder() / f"{name}{suffix}"
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "320x240", "-r", RATE, "-i", "pipe:")
    sounds, maps = [], ["-map", "0:v"]
    for i, (from_s, to_s, tone_hz) in enumerate(tones):
        tone = f"sine=frequency={tone_hz}:sample_rate=44100:duration={to_s - from_s}"
        sounds += ["-itsoffset", from_s, "-f", "lavfi", "-i", tone]
        maps += ["-map", f"{i + 1}:a"]
    coded = ("-c:v", video, "-q:v", 2, "-g", 12, "-c:a", audio, "-max_muxing_queue_size", 4000)
    ffmpeg(*raw, *sounds, *maps, *coded, path, stdin=pictures())
    assert path.stat().st_size > 6 << 20
    return path


def shown(path: Path) -> list[int]:
    with stream_frames(path, Sampling.every(0.4), size_px=64) as stream:
        numbers = [read_number(p) for b in stream for p in b.pixels]
    assert stream.ended == "complete"
    return numbers


def hertz(path: Path, start_s: float) -> float:
    sound = read_audio(path, start_s=start_s, end_s=start_s + 1)
    assert sound is not None and len(sound.samples) > 15000
    spectrum = np.abs(np.fft.rfft(sound.samples * np.hanning(len(sound.samples))))
    return float(spectrum.argmax() * 16000 / len(sound.samples))


@pytest.mark.parametrize("to_s", [6.5, 10])
@pytest.mark.parametrize("suffix", NOISY)
def test_sound_that_begins_after_the_probe_is_heard_at_its_seconds(suffix, to_s):
    path = clip(suffix, ((5.0, to_s, 700),), f"late{to_s}")
    assert shown(path) == list(range(0, FRAMES, 10))
    assert probe(path).has_audio and probe(path).frames == FRAMES
    assert hertz(path, 5.3) == pytest.approx(700, abs=5)
    sound = read_audio(path)
    assert sound.start_s == pytest.approx(5.0, abs=0.1)
    assert sound.duration_s == pytest.approx(to_s - 5.0, abs=0.1)


@pytest.mark.parametrize("to_s", [6.5, 10])
@pytest.mark.parametrize("suffix", [".mpg", ".vob"])
def test_a_second_language_that_begins_later_refuses_nothing(suffix, to_s):
    path = clip(suffix, ((0.0, 10, 500), (5.0, to_s, 900)), f"second{to_s}")
    assert shown(path) == list(range(0, FRAMES, 10))
    assert probe(path).duration_s == pytest.approx(10.0, abs=0.1)
    assert hertz(path, 5.3) == pytest.approx(500, abs=5)


@pytest.mark.parametrize("after", [0, 1])
def test_a_joined_part_with_sound_is_heard(after):
    silent, loud = clip(".ts", (), "silent"), clip(".ts", ((0.0, 10, 600),), "loud")
    parts = [silent, loud, *[silent] * after]
    path = variant(folder() / "x", f"joined{after}.ts", b"".join(p.read_bytes() for p in parts))
    assert shown(path) == [*range(0, FRAMES, 10)] * len(parts)
    assert hertz(path, 15.0) == pytest.approx(600, abs=5)
    assert probe(path).duration_s == pytest.approx(10.0 * len(parts), abs=0.1)


@pytest.mark.fault("F6")
def test_a_silent_film_of_such_a_format_is_silent():
    path = clip(".ts", (), "silent")
    info = probe(path)
    assert not info.has_audio and read_audio(path) is None and os.path.getsize(path) > 5 << 20
