"""A film -> an address at which the browser of this machine plays it, by byte ranges.

For notebooks: whatever is longer than memory is neither put into the page nor sent through the
kernel. One film and pictures of its seconds are served, to who has the random token of the address,
by a thread of this process, on the loopback interface.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from svqa.database import StoredVideo
from svqa.errors import FileChanged, SvqaError
from svqa.viewer.document import picture_query
from svqa.viewer.served_files import ServedFiles

HOST = "127.0.0.1"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # the notebook's page has another origin; it knows the token, and no other page does
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private",
}


class FilmServer:
    """Serves one film until it is closed. `film` and `picture(t_s)` are addresses."""

    def __init__(self, video: StoredVideo):
        self.video, self.files = video, ServedFiles()
        self.token = secrets.token_urlsafe(24)
        sockets = bind_sockets(0, HOST)
        self.host = f"{HOST}:{sockets[0].getsockname()[1]}"
        self.film = f"http://{self.host}/{self.token}/film"
        self._ready = threading.Event()
        self._stop: Callable[[], Any] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(sockets)), name="svqa-film", daemon=True
        )
        self._thread.start()
        self._ready.wait()

    def picture(self, t_s: float) -> str:
        """-> the address of a second's picture."""
        return f"http://{self.host}/{self.token}/{picture_query(t_s)}"

    def close(self) -> None:
        """Serve nothing more; films that play stop at what their browser holds."""
        self._stop()
        self._thread.join(5)

    async def _serve(self, sockets: list[Any]) -> None:
        given = {"server": self}
        routes = [(r"/([\w-]+)/film", _Film, given), (r"/([\w-]+)/picture", _Picture, given)]
        # nothing is logged, here and in `log_exception`: a notebook shows what its process writes
        # under whatever cell is running, and addresses hold the token
        server = HTTPServer(Application(routes, log_function=lambda handler: None))
        server.add_sockets(sockets)
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()

        def stop() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(stopped.set)

        self._stop = stop
        self._ready.set()
        await stopped.wait()
        server.stop()
        await server.close_all_connections()


class _Guarded(RequestHandler):
    server: FilmServer

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    def log_exception(self, *_: object) -> None:
        """Say nothing: what went wrong is in the status."""

    async def prepare(self) -> None:
        """Let in who knows the token and calls this server by its own name."""
        if self.request.host != self.server.host:
            raise HTTPError(421)
        if not hmac.compare_digest(self.path_args[0].encode(), self.server.token.encode()):
            raise HTTPError(404)

    async def of_files(self, call: Callable[..., Any], *args: Any) -> Any:
        """What a call that reads the film gives, made beside this thread."""
        try:
            return await IOLoop.current().run_in_executor(None, call, self.server.video, *args)
        except SvqaError as error:
            raise HTTPError(410 if isinstance(error, FileChanged) else 404) from None


class _Film(_Guarded, StaticFileHandler):
    """The film's bytes; ranges are what tornado makes of them."""

    def initialize(self, server: FilmServer) -> None:  # type: ignore[override]
        self.server = server
        super().initialize(str(Path(server.video.path).parent))

    async def prepare(self) -> None:
        """Find the film, if it is still the one that was taken in."""
        await super().prepare()
        self.found, self.kind = await self.of_files(self.server.files.film)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        """The one file, whatever the address says."""
        return str(self.found)

    def get_content_type(self) -> str:
        """The film's media type."""
        return str(self.kind)

    def compute_etag(self) -> None:
        """None: tornado's would be made of the whole file."""


class _Picture(_Guarded):
    def initialize(self, server: FilmServer) -> None:
        self.server = server

    async def get(self, token: str) -> None:
        """The picture of a second."""
        try:
            t_s = float(self.get_query_argument("t_s", ""))
        except ValueError:
            t_s = math.nan
        if not math.isfinite(t_s):
            raise HTTPError(400)
        self.set_header("Content-Type", "image/jpeg")
        self.finish(await self.of_files(self.server.files.picture, t_s))
