"""A film and some of its seconds -> a file of them, copied without loss where that is possible."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from svqa.errors import UsageError, unknown_name
from svqa.media.films import open_film
from svqa.media.limits import Limits
from svqa.media.objects import is_object
from svqa.media.process import Worker

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
HOW = ("auto", "copy", "encode")


@dataclass(frozen=True)
class Clip:
    """A file that was cut: `spans_s` are the film's seconds that it really holds, in its order.

    `copied`: its pictures are the film's own, bit for bit; else they were coded anew.
    """

    path: Path
    spans_s: tuple[tuple[float, float], ...]
    copied: bool

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return sum(end_s - start_s for start_s, end_s in self.spans_s)


def cut_clip(
    path: str | os.PathLike,
    out: str | os.PathLike,
    spans_s: Sequence[tuple[float, float]],
    *,
    how: str = "auto",
    overwrite: bool = False,
    limits: Limits = Limits(),
) -> Clip:
    """Write the spans of a film, one after the other, to `out`, whose ending names the container.

    `how`: "auto" copies the film's packets where every span begins with a picture that stands alone
    and codes anew elsewhere; "copy" begins earlier if it has to; "encode" always codes anew, to the
    frame. A copy may end a few frames late, where the last ones need them. Sound is copied wherever
    the container takes it. Rotation and shape of the pixels stay.

    Raises UsageError where `out` is there and `overwrite` is not given, where it is the film
    itself, for an unknown ending or `how`, a span that is none, a copy that cannot be made; the
    errors of `probe` where the film cannot be read.
    """
    out = Path(out)
    _check(path, out, spans_s, how)
    with _written(out, overwrite) as file:
        job = {
            "do": "clip",
            "name": os.fsdecode(path),
            "spans_s": [(float(start_s), float(end_s)) for start_s, end_s in spans_s],
            "how": how,
            "format": FORMATS[out.suffix.lower()],
            "most_written_bytes": shutil.disk_usage(out.parent).free,
        }
        worker = Worker(job, open_film(path), limits, out=file)
        try:
            head, _ = worker.next_message()
        finally:
            worker.close()
    return Clip(out, tuple((s, e) for s, e in head["spans_s"]), head["copied"])


def _check(
    path: str | os.PathLike, out: Path, spans_s: Sequence[tuple[float, float]], how: str
) -> None:
    if how not in HOW:
        raise UsageError(unknown_name("way to cut", how, HOW))
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"A clip is one of {', '.join(FORMATS)}, got '{out.name}'.")
    if not spans_s or not all(0 <= start_s < end_s for start_s, end_s in spans_s):
        raise UsageError(f"A clip needs seconds, 0 <= start < end, got {list(spans_s)}.")
    if out.exists() and not is_object(path) and os.path.samefile(path, out):
        raise UsageError(f"'{out}' is the film itself: write the clip elsewhere.")


@contextmanager
def _written(out: Path, overwrite: bool) -> Iterator[BinaryIO]:
    """A file beside `out` that takes its place once it is whole; nothing stays of a failure."""
    if out.exists() and not overwrite:
        raise _is_there(out)
    if not out.parent.is_dir():
        raise UsageError(f"The folder of '{out}' does not exist: make it first.")
    handle, name = tempfile.mkstemp(prefix=".", suffix=out.suffix, dir=out.parent)
    try:
        with open(handle, "wb") as file:
            yield cast(BinaryIO, file)
        os.chmod(name, 0o666 & ~_umask())
        if not overwrite:
            try:
                open(out, "x").close()
            except FileExistsError:  # it came meanwhile
                raise _is_there(out) from None
        os.replace(name, out)
    finally:
        Path(name).unlink(missing_ok=True)


def _is_there(out: Path) -> UsageError:
    return UsageError(f"'{out}' is there already. Name another file, or say --overwrite.")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
