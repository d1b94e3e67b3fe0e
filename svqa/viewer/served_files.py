"""A stored video -> its file, if it is still the one that was taken in; pictures of its seconds."""

from __future__ import annotations

import threading
from pathlib import Path

from cachetools import LRUCache

from svqa.database import StoredVideo
from svqa.errors import FileChanged, SvqaError, VideoNotFound
from svqa.media import StoredObject, file_sha256, is_object
from svqa.viewer.pictures import pictures_at

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ogv": "video/ogg",
}
KEPT_PICTURES = 2000  # of about 12 KB
AT_ONCE = 2  # decoding workers for pictures


class ServedFiles:
    """Films by their rows. Safe to share between threads."""

    def __init__(self) -> None:
        self._same: dict[tuple[str, int, int, int], bool] = {}
        self._pictures: LRUCache[tuple[str, float], bytes] = LRUCache(KEPT_PICTURES)
        self._lock = threading.Lock()
        self._decoding = threading.Semaphore(AT_ONCE)

    def film(self, video: StoredVideo) -> tuple[Path, str]:
        """-> a film's path and media type.

        Raises VideoNotFound where it is gone, FileChanged where another file stands in its place,
        a link to one among them: only what was taken in is served.
        """
        if is_object(video.path):
            raise VideoNotFound(f"{video.path} is in an object store: `svqa serve` plays it.")
        path = Path(video.path)
        try:
            status = path.stat()
        except OSError:
            raise VideoNotFound(f"{path.name} is no longer where it was.") from None
        if not path.is_file() or status.st_size != video.size_bytes:
            raise FileChanged(f"{path.name} is another file than the one that was taken in.")
        media_type = _media_type(path)
        taken_in = video.ingested_at.timestamp() if video.ingested_at else 0.0
        if status.st_mtime <= taken_in and not path.is_symlink():
            return path, media_type  # hours of film are not hashed before they play
        key = (video.sha256, status.st_dev, status.st_ino, status.st_mtime_ns)
        with self._lock:
            same = self._same.get(key)
        if same is None:
            try:
                same = file_sha256(path) == video.sha256
            except (OSError, SvqaError):
                same = False
            with self._lock:
                self._same[key] = same
        if not same:
            raise FileChanged(f"{path.name} is another file than the one that was taken in.")
        return path, media_type

    def stored(self, video: StoredVideo) -> tuple[StoredObject, str]:
        """-> the object that a film is, and its media type.

        Raises VideoNotFound, FileChanged, StoreUnreachable.
        """
        stored = StoredObject(video.path)
        if stored.sha256 != video.sha256:
            raise FileChanged(f"{video.path} is another object than the one that was taken in.")
        return stored, _media_type(video.path)

    def picture(self, video: StoredVideo, t_s: float) -> bytes:
        """-> the JPEG of a second. Raises VideoNotFound where it cannot be read."""
        key = (video.id, round(t_s, 3))
        with self._lock:
            if (kept := self._pictures.get(key)) is not None:
                return kept
        path: Path | str = video.path
        if is_object(path):
            self.stored(video)
        else:
            path, _ = self.film(video)
        with self._decoding:
            made = pictures_at(path, [min(max(t_s, 0.0), video.duration_s)])
        if not made:
            raise VideoNotFound(f"{video.path} has no picture at {t_s:.1f} s.")
        (picture,) = made.values()
        with self._lock:
            self._pictures[key] = picture
        return picture


def _media_type(path: str | Path) -> str:
    return MEDIA_TYPES.get(Path(path).suffix.lower(), "application/octet-stream")
