"""Of several streams the one that is meant is taken; sound that cannot be read is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from svqa.errors import NotAVideo
from svqa.media import probe, read_audio, read_frames
from svqa.media.sampling import Sampling
from tests.helpers.clips import ffmpeg, folder, numbered, read_number

FILM = {"frames": 100, "size": (320, 192)}
DEFAULT_SECOND = ("-disposition:v:0", "0", "-disposition:v:1", "default")
UNREADABLE = {  # what svqa does not decode, in containers that hold it
    "DTS": (".mkv", "dca", ("-strict", "-2")),
    "TrueHD": (".mkv", "truehd", ("-strict", "-2")),
    "AAC-LATM": (".ts", "aac", ("-mpegts_flags", "latm")),
    "pcm_bluray": (".m2ts", "pcm_bluray", ("-ar", "48000", "-ac", "2", "-mpegts_m2ts_mode", "1")),
    "pcm_dvd": (".vob", "pcm_dvd", ("-ar", "48000", "-ac", "2", "-c:v", "mpeg2video")),
}


def made(name: str, *arguments) -> Path:
    path = folder() / name
    ffmpeg(*arguments, path)
    return path


def thumbnails(codec: str) -> Path:
    extra = {"mjpeg": ("-q:v", 3), "libx264": ()}[codec]
    return numbered(".mkv", codec=codec, frames=3, rate=1, size=(64, 48), extra=extra)


def hertz(path: Path) -> float:
    sound = read_audio(path)
    samples = sound.samples[16000:48000]
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() / 2)


@pytest.mark.parametrize(
    "name, codec, flags",
    [
        ("marked.mkv", "mjpeg", DEFAULT_SECOND),
        ("marked.mov", "mjpeg", DEFAULT_SECOND),
        ("marked-h264.mkv", "libx264", DEFAULT_SECOND),
        ("unmarked.mp4", "mjpeg", ()),
        ("unmarked.mkv", "mjpeg", ("-disposition:v", "0")),
        ("first-is-default.mp4", "libx264", ("-disposition:v:0", "default")),
    ],
)
def test_thumbnails_before_the_film_are_not_the_film(name, codec, flags):
    film, small = numbered(".mp4", **FILM), thumbnails(codec)
    both = ("-i", small, "-i", film, "-map", "0:v", "-map", "1:v", "-c", "copy", *flags)
    path = made(name, *both)
    info = probe(path)
    assert (info.width_px, info.height_px, info.frames) == (320, 192, 100)
    assert [read_number(p) for p in read_frames(path, Sampling.at([1.0, 3.0])).pixels] == [25, 75]


@pytest.mark.parametrize("flags, number", [(DEFAULT_SECOND, 32), ((), 10)])
def test_of_two_films_the_default_one_else_the_first_is_meant(flags, number):
    first = numbered(".mp4", frames=50)
    second = numbered(".mp4", frames=50, filters="setpts=PTS/3,fps=25,trim=end_frame=16")
    both = ("-i", first, "-i", second, "-map", "0:v", "-map", "1:v", "-c", "copy")
    flags = flags or ("-disposition:v:0", "default", "-disposition:v:1", "0")
    path = made(f"two-{number}.mkv", *both, *flags)
    assert read_number(read_frames(path, Sampling.at([0.4])).pixels[0]) == number


@pytest.mark.parametrize(
    "name, flags, tone_hz",
    [
        ("said.mkv", ("-disposition:a:0", "comment", "-disposition:a:1", "default"), 1500),
        ("said.mp4", ("-disposition:a:0", "comment", "-disposition:a:1", "default"), 1500),
        ("only.mkv", ("-disposition:a:0", "0", "-disposition:a:1", "default"), 1500),
        ("for-the-blind.mkv", ("-disposition:a:0", "default+visual_impaired"), 1500),
        ("comment.mkv", ("-disposition:a:0", "comment", "-disposition:a:1", "0"), 1500),
        ("plain.mkv", ("-disposition:a", "0"), 500),
        ("first.mp4", (), 500),
    ],
)
def test_the_default_sound_is_heard_and_no_comment(name, flags, tone_hz):
    assert hertz(made(name, *sounds("aac", "aac"), *flags)) == pytest.approx(tone_hz, abs=3)


def sounds(first: str, second: str = "") -> tuple:
    """The film with one tone of 500 Hz, and one of 1500 Hz."""
    tones = [("-f", "lavfi", "-i", f"sine=frequency={hz}:duration=4") for hz in (500, 1500)]
    kept = tones if second else tones[:1]
    inputs = ("-i", numbered(".mp4", **FILM), *[word for tone in kept for word in tone])
    maps = [word for i in range(len(kept) + 1) for word in ("-map", str(i))]
    coded = ("-c:a:0", first, *(("-c:a:1", second) if second else ()))
    return (*inputs, *maps, "-c:v", "copy", *coded)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_sound_that_cannot_be_read_leaves_the_pictures(kind):
    suffix, codec, options = UNREADABLE[kind]
    path = made(f"{kind}{suffix}", *sounds(codec), *options)
    info = probe(path)
    assert info.frames == 100 and not info.has_audio and info.duration_s == pytest.approx(4.0)
    assert len(read_frames(path, Sampling.every(1.0))) == 4
    with pytest.raises(NotAVideo, match="Convert it to AAC"):
        read_audio(path)


@pytest.mark.parametrize("kind", ["DTS", "TrueHD"])
def test_another_sound_is_heard_where_the_first_cannot_be_read(kind):
    suffix, codec, options = UNREADABLE[kind]
    path = made(f"{kind}-and{suffix}", *sounds(codec, "aac"), *options)
    assert hertz(path) == pytest.approx(1500, abs=3) and probe(path).has_audio
