"""A seed -> real films of many containers and codecs, each damaged in one of several ways."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from svqa.reporting.sample_clips import ffmpeg, real_clip

SECONDS = 4
SIZE = "192:108"
# name -> how it is coded; each film is four seconds of a real one, with its sound
FILMS = {
    "h264.mp4": "-c:v libx264 -g 25 -c:a aac",
    "h264-fragmented.mp4": "-c:v libx264 -g 25 -movflags frag_keyframe+empty_moov -c:a aac",
    "h264.mkv": "-c:v libx264 -g 25 -bf 2 -c:a aac",
    "h264.ts": "-c:v libx264 -g 25 -c:a aac",
    "h264.flv": "-c:v libx264 -g 25 -c:a aac",
    "hevc.mp4": "-c:v libx265 -x265-params log-level=error -g 25 -tag:v hvc1 -c:a aac",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus",
    "vp8.webm": "-c:v libvpx -deadline realtime -cpu-used 8 -g 25 -c:a libvorbis",
    "av1.mkv": "-c:v libsvtav1 -preset 12 -g 25 -c:a libopus",
    "mpeg4.avi": "-c:v mpeg4 -g 25 -c:a libmp3lame",
    "mjpeg.mov": "-c:v mjpeg -q:v 6 -c:a pcm_s16le",
    "mpeg2.mpg": "-c:v mpeg2video -g 12 -c:a mp2",
}


@dataclass(frozen=True)
class Mutant:
    """A damaged film: which of them it was, and what was done to it."""

    number: int
    film: str
    damage: str
    data: bytes


def make_films(folder: Path) -> dict[str, Path]:
    """Write every film that this ffmpeg can code, once; -> {name: path}."""
    made = {}
    for name, coding in FILMS.items():
        path = folder / name
        if not path.exists():
            half = path.with_name(f"half-{name}")
            source = ("-ss", "1", "-i", str(real_clip()), "-t", str(SECONDS))
            scale = (
                "-vf",
                f"scale={SIZE}",
                "-pix_fmt",
                "yuvj420p" if "mjpeg" in name else "yuv420p",
            )
            run = [ffmpeg(), "-v", "error", "-y", *source, *scale, *coding.split(), str(half)]
            done = subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{name} could not be made: {done.stderr[-300:]}")
            half.rename(path)
        made[name] = path
    return made


def mutant(films: dict[str, bytes], number: int, seed: int) -> Mutant:
    """-> the mutant of this number: each depends on the seed and its number alone."""
    rng = random.Random(f"{seed}:{number}")
    film = sorted(films)[number % len(films)]
    damage = list(DAMAGES)[(number // len(films)) % len(DAMAGES)]
    return Mutant(number, film, damage, DAMAGES[damage](bytearray(films[film]), rng))


def _truncated(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _flipped(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 8, 64, 512))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _noise(data: bytearray, rng: random.Random) -> bytes:
    length = max(1, int(len(data) * rng.choice((0.001, 0.01, 0.1, 0.4))))
    begin = rng.randrange(len(data) - length)
    data[begin : begin + length] = rng.randbytes(length)
    return bytes(data)


def _header(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 4, 16))):
        data[rng.randrange(min(1024, len(data)))] = rng.randrange(256)
    return bytes(data)


def _lengths(data: bytearray, rng: random.Random) -> bytes:
    """Sizes, counts and offsets of boxes and elements, by their names where they have some."""
    named = [
        m.start() for m in re.finditer(rb"moov|trak|mdia|minf|stbl|st[a-z]{2}|moof|t[rf]", data)
    ]
    named += [m.start() for m in re.finditer(rb"LIST|idx1|strh|strf|\x1a\x45\xdf\xa3|\xa3", data)]
    at = rng.choice(named or [0]) + rng.choice((-4, 4, 8, 12))
    at = min(max(0, at), len(data) - 4)
    edge = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
    data[at : at + 4] = edge.to_bytes(4, rng.choice(("big", "little")))
    return bytes(data)


def _zeros(data: bytearray, rng: random.Random) -> bytes:
    length = max(1, int(len(data) * rng.choice((0.01, 0.1, 0.3))))
    begin = rng.randrange(len(data) - length)
    data[begin : begin + length] = bytes(length)
    return bytes(data)


def _moved(data: bytearray, rng: random.Random) -> bytes:
    """A part cut out and put in elsewhere: what follows lies at another place."""
    length = rng.randrange(1, max(2, len(data) // 4))
    begin = rng.randrange(len(data) - length)
    part = data[begin : begin + length]
    del data[begin : begin + length]
    at = rng.randrange(len(data))
    return bytes(data[:at] + part + data[at:])


DAMAGES: dict[str, Callable[[bytearray, random.Random], bytes]] = {
    "truncated": _truncated,
    "bits flipped": _flipped,
    "noise": _noise,
    "header edited": _header,
    "lengths edited": _lengths,
    "zeros": _zeros,
    "part moved": _moved,
}
