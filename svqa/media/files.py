"""Path -> an open regular file; what it is taken for by its first bytes."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from svqa.errors import NetworkRefused, NotAVideo, VideoNotFound
from svqa.media.objects import check_object, is_object

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"#!", "a script"),
    (b"<", "a web page or XML"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
)


@dataclass(frozen=True)
class FileStamp:
    """What changes when a film is replaced or rewritten: device, inode, size, modification time."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    version: str = ""  # of an object in a store, which has no device and no inode


def refuse_url(name: str, *, but_objects: bool = False) -> None:
    """Raises NetworkRefused where a name is a URL (or one of no object store); contacts nothing.

    UsageError for an object's with a secret in it.
    """
    if but_objects and is_object(name):
        check_object(name)
    elif _URL.match(name):
        raise NetworkRefused(
            f"'{name}' is a URL, and this reads only local files. Download it first, then give "
            "its path."
        )


def open_video_file(path: str | os.PathLike) -> BufferedReader:
    """-> a binary file object; never blocks on a FIFO, opens no device, contacts no network.

    Raises VideoNotFound, NetworkRefused, NotAVideo where the file is empty.
    """
    name = os.fspath(path)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    refuse_url(name)
    try:
        _check_regular(name, os.stat(name))
        # O_NONBLOCK: between the check and here the file may have become a FIFO, whose open would
        # wait for a writer.
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = open(fd, "rb")  # noqa: SIM115 (the caller closes it)
    except (OSError, ValueError) as error:
        raise not_found(name, error) from None
    try:
        status = os.fstat(file.fileno())
        _check_regular(name, status)
        if status.st_size == 0:
            raise NotAVideo(
                f"'{name}' is empty (0 bytes). Expected a video file; was the copy or "
                "download interrupted?"
            )
    except BaseException:
        file.close()
        raise
    return file


def looks_like(head: bytes) -> str:
    """-> "a ZIP archive" and the like from a file's first bytes, "" where they say nothing."""
    head = head.lstrip()
    return next((what for magic, what in _MAGIC if head.startswith(magic)), "")


def stamp(status: os.stat_result) -> FileStamp:
    """-> what tells one state of a file from the next, without reading it."""
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _check_regular(name: str, status: os.stat_result) -> None:
    for test, what in _KINDS:
        if test(status.st_mode):
            hint = " Give a file in it, or `svqa ingest FOLDER`." if what == "a folder" else ""
            raise VideoNotFound(f"'{name}' is {what}, not a video file.{hint}")


def not_found(path: str | os.PathLike, error: Exception) -> VideoNotFound:
    """-> the error of a path that cannot be opened, in a sentence that says what to do."""
    if isinstance(error, PermissionError):
        return VideoNotFound(
            f"'{path}' cannot be read: permission denied. Run: chmod u+r on it, or run as "
            "its owner."
        )
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        parent = Path(os.path.abspath(os.fsdecode(path))).parent
        where = "" if parent.is_dir() else f" Its folder '{parent}' does not exist either."
        return VideoNotFound(
            f"No such file: '{path}'.{where} Check the path (you are in '{Path.cwd()}')."
        )
    return VideoNotFound(f"'{path}' cannot be opened: {error}.")
