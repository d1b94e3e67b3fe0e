"""Paths and folders -> the video files to read, and what of the folders was passed over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from svqa.errors import StoreUnreachable, SvqaError, UsageError, VideoNotFound
from svqa.media import StoredObject, is_folder, is_object, objects_below

SUFFIXES = frozenset(
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .m2ts .m2v .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf "
    ".ogv .qt .ts .vob .webm .wmv .wtv".split()
)
_HEAD_BYTES = 400


@dataclass(frozen=True)
class VideoFiles:
    """`files` to read, in order; `passed_over`: what else lies in the folders, with the reason."""

    files: tuple[str, ...]
    passed_over: tuple[tuple[str, str], ...] = ()


def find_videos(paths: Iterable[str | os.PathLike]) -> VideoFiles:
    """Files as they are, folders by the videos they hold (sorted, all levels).

    Of a folder: files with a video's suffix, links to such files, also dangling ones, which the
    reader of files then reports; and files without a suffix that begin as a video does. A path is
    kept as it was given, a URL too. A folder of an object store is one by its slash at the end, or
    by what its store says of a name without a video's suffix. Raises VideoNotFound where a folder
    holds none, StoreUnreachable and UsageError for one that cannot be listed.
    """
    found: list[str] = []
    passed_over: list[tuple[str, str]] = []
    for given in paths:
        path = str(os.fspath(given))
        stored = is_object(path)
        if not (_is_stored_folder(path) if stored else os.path.isdir(path)):
            found.append(path)
            continue
        inside, others = [], []
        for name, why in (_walk_store if stored else _walk)(path):
            others.append((name, why)) if why else inside.append(name)
        if not inside:
            raise VideoNotFound(
                f"No video in folder '{path}': looked for {', '.join(sorted(SUFFIXES))}."
                + (f" Passed over: {_listed(others)}." if others else "")
            )
        found += inside
        passed_over += others
    return VideoFiles(tuple(found), tuple(passed_over))


def said_of_passed_over(found: VideoFiles) -> str:
    """-> a sentence about what was passed over; "" where nothing was."""
    if not found.passed_over:
        return ""
    files = "1 file" if len(found.passed_over) == 1 else f"{len(found.passed_over)} files"
    return (
        f"Passed over {files} of the folders: {_listed(found.passed_over)}. A file that is given "
        "by its own name is always read."
    )


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    """Every file below a folder, sorted: (path, "") for a video, else (path, why it is none)."""
    failed: list[OSError] = []
    names, links = [], []
    for place, folders, files in os.walk(folder, onerror=failed.append):
        names += [os.path.join(place, name) for name in files]
        links += [p for name in folders if os.path.islink(p := os.path.join(place, name))]
    yield from ((name, _not_a_video(name)) for name in sorted(names))
    yield from ((name, "a link to a folder") for name in sorted(links))
    yield from ((str(e.filename), f"a folder that cannot be read: {e.strerror}") for e in failed)


def _is_stored_folder(url: str) -> bool:
    """A name that its store does not know, or does not tell of, is left to the reader of films."""
    if Path(url).suffix.lower() in SUFFIXES and not url.endswith("/"):
        return False
    try:
        return is_folder(url)
    except (VideoNotFound, StoreUnreachable, UsageError):
        if url.endswith("/"):
            raise
        return False


def _walk_store(folder: str) -> Iterator[tuple[str, str]]:
    """Every object below a folder of a store, sorted, as `_walk` has files."""
    for url in objects_below(folder):
        suffix = Path(url).suffix.lower()
        if "?" in url or "#" in url:
            yield url, "a name that no URL can hold"
        elif suffix:
            yield url, "" if suffix in SUFFIXES else f"not a video's suffix: {suffix}"
        else:
            try:
                head = StoredObject(url).read(0, _HEAD_BYTES)
            except SvqaError as error:
                yield url, f"cannot be read: {error}"
            else:
                yield url, "" if _begins_as_video(head) else "no suffix"


def _not_a_video(path: str) -> str:
    suffix = Path(path).suffix.lower()
    dangling = os.path.islink(path) and not os.path.exists(path)
    if suffix in SUFFIXES:
        return "" if dangling or os.path.isfile(path) else "not a regular file"
    if dangling:
        return "a link to nothing"
    if not os.path.isfile(path):
        return "not a regular file"
    if suffix:
        return f"not a video's suffix: {suffix}"
    try:
        with open(path, "rb") as file:
            return "" if _begins_as_video(file.read(_HEAD_BYTES)) else "no suffix"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _begins_as_video(head: bytes) -> bool:
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
        or head.startswith((b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\0\0\x01\xba", b"\0\0\x01\xb3"))
        or head.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or (head.startswith(b"OggS") and b"theora" in head)
        or (head[:1] == head[188:189] == head[376:377] == b"G")
    )


def _listed(passed_over: Iterable[tuple[str, str]]) -> str:
    items = [f"{Path(name).name} ({why})" for name, why in passed_over]
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
