"""Path, or URL of an object -> an open film, its identity, and whether it is the same later."""

from __future__ import annotations

import hashlib
import os
from io import BufferedReader
from typing import BinaryIO, cast

from svqa.errors import FileChanged, VideoNotFound
from svqa.media.files import FileStamp, not_found, open_video_file, stamp
from svqa.media.object_file import ObjectFile
from svqa.media.objects import StoredObject, is_object

Film = BinaryIO | ObjectFile


def open_film(path: str | os.PathLike) -> Film:
    """-> a file as `open_video_file` has it, or an object of a store, where a URL names one.

    Raises as that, as well as StoreUnreachable.
    """
    if is_object(path):
        return ObjectFile(os.fsdecode(path))
    return open_video_file(path)


def check_readable(path: str | os.PathLike) -> None:
    """Raises VideoNotFound, NetworkRefused, NotAVideo (empty file); reads nothing."""
    open_film(path).close()


def head_of(film: Film, size: int) -> bytes:
    """-> its first bytes."""
    if isinstance(film, ObjectFile):
        return film.pread(size, 0)
    return os.pread(film.fileno(), size, 0)


def size_of(film: Film) -> int:
    """-> how many bytes an open film has."""
    if isinstance(film, ObjectFile):
        return film.stored.size_bytes
    return os.fstat(film.fileno()).st_size


def stamp_of(film: Film) -> FileStamp:
    """-> the stamp of an open film."""
    if isinstance(film, ObjectFile):
        return _object_stamp(film.stored)
    return stamp(os.fstat(film.fileno()))


def sha256_of(film: Film) -> str:
    """-> 64 hexadecimal digits: a video's identity, of an object without reading it."""
    if isinstance(film, ObjectFile):
        return film.stored.sha256
    return hashlib.file_digest(cast(BufferedReader, film), "sha256").hexdigest()


def file_sha256(path: str | os.PathLike) -> str:
    """-> 64 hexadecimal digits: a video's identity.

    Raises VideoNotFound, NetworkRefused, NotAVideo (empty file).
    """
    with open_film(path) as film:
        return sha256_of(film)


def file_stamp(path: str | os.PathLike) -> FileStamp:
    """-> the stamp to compare later with `check_unchanged`.

    Raises VideoNotFound, StoreUnreachable.
    """
    if is_object(path):
        return _object_stamp(StoredObject(os.fsdecode(path)))
    try:
        return stamp(os.stat(path))
    except (OSError, ValueError) as error:
        raise not_found(path, error) from None


def check_unchanged(path: str | os.PathLike, before: FileStamp) -> None:
    """Raises FileChanged where the file at `path` is no longer the one `before` was taken of."""
    try:
        after = file_stamp(path)
    except VideoNotFound:
        raise FileChanged(
            f"'{path}' disappeared while it was being read. Put it back and ingest it again."
        ) from None
    if after != before:
        raise FileChanged(
            f"'{path}' was replaced or rewritten while it was being read (it had "
            f"{before.size_bytes} bytes, now {after.size_bytes}). Ingest it again once nothing "
            "writes to it."
        )


def _object_stamp(stored: StoredObject) -> FileStamp:
    return FileStamp(0, 0, stored.size_bytes, 0, f"{stored.url} {stored.version}")
