"""Films of two to three seconds, of three kinds, made by ffmpeg from nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from svqa.reporting.sample_clips import ffmpeg

COLOURS = ("blue", "green", "gray", "navy", "teal", "olive", "maroon", "purple", "white", "orange")


def made_films(folder: Path, count: int) -> list[str]:
    """-> the paths of so many films of two to three seconds, of three kinds, made in a folder."""
    return [_film(folder, number) for number in range(count)]


def _film(folder: Path, number: int) -> str:
    """-> two to three seconds: a colour, a cut between two, or moving bars with a sound."""
    turn, kind = divmod(number, len(KINDS))
    colour, other = (COLOURS[(turn + step) % len(COLOURS)] for step in (0, 3))
    length_s = 2.0 + 0.1 * (turn // len(COLOURS))  # films of one kind and colour differ by it
    return made_film(folder / f"film-{number:02}.mp4", KINDS[kind](colour, other, length_s))


def _colour(colour: str, _: str, length_s: float) -> list[str]:
    return ["-f", "lavfi", "-i", f"color={colour}:s=64x48:r=10:d={length_s}"]


def _cut(colour: str, other: str, length_s: float) -> list[str]:
    half = length_s / 2
    both = [_colour(name, "", half) for name in (colour, other)]
    return [*both[0], *both[1], "-filter_complex", "[0][1]concat=n=2"]


def _moving(colour: str, _: str, length_s: float) -> list[str]:
    tone = 220 + 40 * COLOURS.index(colour)
    bars = f"testsrc2=s=64x48:r=10:d={length_s},drawbox=w=20:h=20:c={colour}:t=fill"
    return ["-f", "lavfi", "-i", bars, "-f", "lavfi", "-i", f"sine={tone}:d={length_s}"]


KINDS = (_colour, _cut, _moving)


def made_film(path: Path, source: Sequence[str]) -> str:
    """-> the path of a film, made where it is not there."""
    if not path.exists():
        command = [ffmpeg(), "-v", "error", *source, "-pix_fmt", "yuv420p", "-g", "10", str(path)]
        subprocess.run(command, check=True)
    return str(path)
