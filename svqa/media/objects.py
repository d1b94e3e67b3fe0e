"""URL of an object store -> what the object is, and any bytes of it: `s3://`, `gs://`, `az://`.

Through fsspec: an implementation that is installed for the scheme (s3fs, gcsfs, adlfs), else
obstore. Credentials come from the environment, as these libraries read it, and stand in no URL.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, TypeVar

from svqa.errors import FileChanged, StoreUnreachable, UsageError, VideoNotFound

SCHEMES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")
EXTRA = "pip install 'svqa[s3]'"
WAITS_S = (0.5, 2.0)  # before a range is asked for again
_RETRY = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_CLIENT = {"connect_timeout": "10s", "timeout": "60s"}
_OBSTORE = {"gcs": "gs"}  # what it calls them
_PROVIDERS = ("AWS", "GOOGLE", "AZURE")
_OBJECT = re.compile(rf"(?i)({'|'.join(SCHEMES)})://")
_MD5 = re.compile(r"[0-9a-f]{32}(-\d+)?")  # what a store makes of the bytes themselves
_STATUS = re.compile(r"\b([45]\d\d)[ :;,]+(?:Internal|Service|Slow|Bad|Gate|Too)")
_REASONS = tuple(
    (re.compile(words), said)
    for words, said in (
        (r"169\.254\.|metadata\.google|no credentials", "no credentials in the environment"),
        ("connection ?refused", "connection refused"),
        ("timed ?out|kind: timeout", "no answer in time"),
        ("dns error|lookup address|name or service", "no such host"),
        ("reset|incomplete|body|unexpected ?eof|closed", "connection cut"),
    )
)
T = TypeVar("T")


def is_object(name: str | os.PathLike) -> bool:
    """Whether a name is a URL of an object store; nothing is contacted.

    >>> is_object("s3://films/kitchen.mp4"), is_object("https://example.org/kitchen.mp4")
    (True, False)
    """
    return bool(_OBJECT.match(os.fsdecode(name)))


class StoredObject:
    """One object as it was when this was made: its size and its version, from one request.

    Raises UsageError (a URL with a secret in it, no package for it), VideoNotFound (no such object,
    no permission), StoreUnreachable.
    """

    def __init__(self, url: str):
        check_object(url)
        self.url = url
        self._files, self._path = _file_system(url)
        self._files.invalidate_cache()  # what it was a moment ago does not count
        facts = _asked(url, lambda: self._files.info(self._path))
        if facts.get("type") == "directory":
            raise VideoNotFound(f"'{url}' is a folder of a store, not a film. Give a film in it.")
        self.size_bytes = int(facts.get("size") or 0)
        etag = next((facts[key] for key in ("ETag", "e_tag", "etag") if facts.get(key)), "")
        self.etag = str(etag).removeprefix("W/").strip('"')
        moment = next((facts[k] for k in ("last_modified", "LastModified") if facts.get(k)), "")
        self.version = self.etag or str(moment or facts.get("mtime", ""))
        if not self.version:
            raise StoreUnreachable(f"The store of '{url}' says no version (ETag) of its objects.")

    @property
    def sha256(self) -> str:
        """The film's identity: of its size and version, since hashing it would be reading it all.

        An ETag that is made of the bytes (an MD5, as S3 has) is the same for a copy elsewhere;
        where it is anything else the URL counts, too.
        """
        where = "" if _MD5.fullmatch(self.etag) else self.url
        text = f"object\n{where}\n{self.size_bytes}\n{self.version}"
        return hashlib.sha256(text.encode()).hexdigest()

    def read(self, at: int, size: int) -> bytes:
        """-> the bytes of a range, fewer at the end; a request that failed is made again.

        Raises StoreUnreachable, VideoNotFound, FileChanged (it is shorter than it was).
        """
        end = min(at + size, self.size_bytes)
        if at >= end:
            return b""
        data = _asked(self.url, lambda: self._files.cat_file(self._path, start=at, end=end))
        if len(data) != end - at:
            raise FileChanged(
                f"'{self.url}' was replaced while it was being read: bytes {at} to {end} are no "
                "longer there. Ingest it again once nothing writes to it."
            )
        return bytes(data)


def is_folder(url: str) -> bool:
    """Whether a URL names a folder of a store: objects lie below it, and none is called so.

    Only one that ends in no slash is asked for. Raises as `StoredObject`.
    """
    _check_place(url)
    if url.endswith("/") or not url.partition("://")[2].partition("/")[2]:
        return True
    files, path = _file_system(url)
    files.invalidate_cache()
    return _asked(url, lambda: files.info(path)).get("type") == "directory"


def objects_below(url: str) -> list[str]:
    """-> the URLs of all objects of a folder, on all levels, sorted; a bucket is a folder, too.

    Raises as `StoredObject`; VideoNotFound where there is nothing: a store knows no empty folder.
    """
    _check_place(url)
    files, _ = _file_system(url)
    files.invalidate_cache()
    found, folders = [], [url.rstrip("/")]
    while folders:
        folder = folders.pop()
        path = folder.partition("://")[2]
        for entry in _asked(f"{folder}/", partial(files.ls, path, detail=True)):
            # names say bucket and key, not always as the URL does
            inside = f"{folder}/{entry['name'].rstrip('/').rpartition('/')[2]}"
            if entry["type"] == "directory":
                folders.append(inside)
            elif not entry["name"].endswith("/"):  # what some tools leave to mark a folder
                found.append(inside)
    return sorted(found)


def check_object(url: str) -> None:
    """Raises UsageError, with nothing secret in it, for a URL that says more than a place."""
    _check_place(url)
    scheme, _, rest = url.partition("://")
    if not rest.partition("/")[2].strip("/"):
        raise UsageError(f"'{url}' names no object: expected {scheme}://BUCKET/NAME.")


def _check_place(url: str) -> None:
    scheme, _, rest = url.partition("://")
    place, _, key = rest.partition("/")
    azure = scheme.lower() in ("az", "abfs", "abfss")  # whose places are CONTAINER@ACCOUNT
    # a secret may hold a slash, so that what looks like the place is the beginning of it
    told = ":" in place and not place.startswith("arn:")
    if "?" in rest or "#" in rest or told or (not azure and "@" in place):
        name = key.partition("?")[0].rpartition("/")[2]
        raise UsageError(
            f"A URL of '{name}' with a key, a password or a query in it: say only {scheme}://"
            "BUCKET/NAME. Credentials come from the environment (AWS_ACCESS_KEY_ID and the like)."
        )
    if not place:
        raise UsageError(f"'{url}' names no bucket: expected {scheme}://BUCKET/NAME.")


def _file_system(url: str) -> tuple[Any, str]:
    """-> what fsspec has for the scheme, and the object's path in it."""
    scheme = url.partition("://")[0].lower()
    try:
        files = _for_scheme(scheme)
    except ImportError:
        raise UsageError(
            f"'{url}' is in an object store, and no package for {scheme}:// is installed. "
            f"Run: {EXTRA}"
        ) from None
    except Exception as error:  # each library has its own for what it cannot be made of
        raise UsageError(
            f"'{url}': {scheme}:// cannot be used as it is set up ({type(error).__name__}). Check "
            "the account, the credentials and the endpoint in the environment."
        ) from None
    return files, url.partition("://")[2]


@lru_cache
def _for_scheme(scheme: str) -> Any:
    """Made once a process. Raises ImportError."""
    import fsspec

    try:
        return fsspec.get_filesystem_class(scheme)()
    except (ImportError, ValueError):
        pass
    from obstore.fsspec import FsspecStore

    scheme = _OBSTORE.get(scheme, scheme)
    make: Any = FsspecStore  # its options are those of each scheme
    allowed = (os.environ.get(f"{name}_ALLOW_HTTP", "").lower() for name in _PROVIDERS)
    # options given here take the place of those of the environment
    options = {**_CLIENT, "allow_http": any(value in ("true", "1") for value in allowed)}
    return make(scheme, client_options=options, retry_config=_RETRY, skip_instance_cache=True)


def _asked(url: str, request: Callable[[], T]) -> T:
    """-> the answer of a store, asked again after a failure that may pass."""
    for wait_s in (*WAITS_S, None):
        try:
            return request()
        except Exception as error:
            if isinstance(error, FileNotFoundError) or "404 Not Found" in str(error):
                raise VideoNotFound(f"No such object: '{url}'. Check bucket and name.") from None
            if _is_refusal(error):
                raise VideoNotFound(
                    f"'{url}' cannot be read: the store gives no permission (403). Check the "
                    "credentials in the environment, and that the object exists: stores hide what "
                    "may not be listed."
                ) from None
            if type(error).__name__ == "InvalidPathError":  # of obstore, for all that it lists
                raise VideoNotFound(
                    f"'{url}' cannot be read: there is a name with '//' or another part that "
                    "obstore cannot spell. Name folders or films without it, or install the "
                    "scheme's own package (s3fs, gcsfs, adlfs)."
                ) from None
            if wait_s is None:
                raise StoreUnreachable(
                    f"The store of '{url}' does not answer ({_reason(error)}). What was committed "
                    "is kept: run the same command again."
                ) from None
        time.sleep(wait_s)
    raise AssertionError("the last try returns or raises")


def _is_refusal(error: Exception) -> bool:
    kind = type(error).__name__
    if isinstance(error, PermissionError):
        return True
    named = kind in ("PermissionDeniedError", "UnauthenticatedError")
    return named or "403 Forbidden" in str(error)  # the second where obstore lists a folder


def _reason(error: Exception) -> str:
    """-> what kind of failure, in a few words; addresses and whatever follows them are left out."""
    text = str(error)
    if found := _STATUS.search(text):
        return f"HTTP {found[1]}"
    if "BadScheme" in text:
        return "its endpoint is http://: where that is meant, say AWS_ALLOW_HTTP=true"
    low = text.lower()
    return next((said for words, said in _REASONS if words.search(low)), type(error).__name__)
