"""A real S3 server on this machine that counts what it serves, and fails as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

localbucket = pytest.importorskip("localbucket", reason="pip install 'svqa[dev]': the S3 server")
pytest.importorskip("obstore", reason="pip install 'svqa[s3]'")
SECRET = "hunter2-of-the-store"
Fault = Callable[["_Handler"], bool]


@dataclass
class ObjectStore:
    """`served`: method, path and range of each request, with the bytes of its answer.

    `fault` may answer instead: it is given the request and says whether it did.
    """

    root: Path
    url: str = ""
    served: list[list] = field(default_factory=list)
    fault: Fault | None = None

    def put(self, film: Path, key: str) -> str:
        """-> the URL of the object that now holds a film."""
        place = self.root / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(film.read_bytes())
        return f"s3://{key}"

    @property
    def got(self) -> list[tuple[str, int]]:
        """The range of each request for bytes, and how many came."""
        return [(r, size) for method, _, r, size in self.served if method == "GET" and r]

    @property
    def bytes_served(self) -> int:
        return sum(size for _, size in self.got)

    def environment(self) -> dict[str, str]:
        """What a command needs to reach it."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "SVQA_TEST_LOOPBACK": "1",
        }


class _Handler(localbucket.S3Handler):
    store: ObjectStore

    def log_message(self, format, *args):
        pass

    def do_GET(self):
        self._answer(super().do_GET)

    def do_HEAD(self):
        self._answer(super().do_HEAD)

    def _answer(self, really: Callable[[], None]) -> None:
        # before the answer: who has got it looks at what was served
        self.row = [self.command, self.path, self.headers.get("Range", ""), 0]
        self.store.served.append(self.row)
        if self.store.fault is None or not self.store.fault(self):
            really()

    def _send_file(self, status, file, start, length, headers, include_body):
        self.row[3] = length if include_body else 0
        super()._send_file(status, file, start, length, headers, include_body)


def refuses(request: _Handler) -> bool:
    """403, as S3 has it."""
    request._send_error(localbucket.S3Error(HTTPStatus.FORBIDDEN, "AccessDenied", "Access Denied"))
    return True


def cuts(times: float, *, after: int = 0) -> Fault:
    """-> so many answers with a range break off in the middle, after so many whole ones."""
    left = [times]

    def fault(request: _Handler) -> bool:
        if request.command != "GET" or not request.headers.get("Range") or left[0] <= 0:
            return False
        if len(request.store.got) <= after:  # this one among them
            return False
        left[0] -= 1
        start, end = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        path = request._object_path(*request.path.lstrip("/").split("/", 1))
        request._send_headers(
            HTTPStatus.PARTIAL_CONTENT,
            end - start + 1,
            {
                "Content-Range": f"bytes {start}-{end}/{path.stat().st_size}",
                "ETag": f'"{localbucket.object_etag(path)}"',
                "Last-Modified": "Thu, 01 Oct 2026 00:00:00 GMT",
            },
        )
        request.wfile.write(path.read_bytes()[start : (start + end) // 2])
        request.close_connection = True
        return True

    return fault


@contextmanager
def object_store(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A server for as long as the block runs, reached by this process through the environment."""
    from svqa.media import objects

    store = ObjectStore(root)
    monkeypatch.setenv("SVQA_TEST_LOOPBACK", "1")
    handler = type("Handler", (_Handler,), {"store": store, "data_root": root})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    objects._for_scheme.cache_clear()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        objects._for_scheme.cache_clear()
