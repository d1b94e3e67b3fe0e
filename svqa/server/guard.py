"""Who may ask: a token, the name the server was called by, and no other site's page.

A page of another site can send requests to a server on this machine, also by a name that it lets
point here (DNS rebinding); it cannot send the token, the right `Host` or an `Origin` of ours.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

COOKIE = "svqa"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True)
class Door:
    """The names by which this server may be called, and the token that opens it."""

    hosts: frozenset[str]
    token: str = field(repr=False)

    @classmethod
    def of(
        cls, host: str, port: int, *, names: Iterable[str] = (), token: str | None = None
    ) -> Door:
        """-> the door of a server that listens at `host`: called so, localhost, or by `names`."""
        own = {"127.0.0.1", "localhost", "[::1]"}
        if host not in ("0.0.0.0", "::"):
            own.add(f"[{host}]" if ":" in host else host)
        hosts = frozenset(f"{name}:{port}" for name in (*own, *names))
        return cls(hosts, token or secrets.token_urlsafe(24))

    def refusal(self, headers: dict[str, str], query: str) -> tuple[int, str] | None:
        """-> status and reason where this request may not in, None where it may."""
        host = headers.get("host", "")
        if host not in self.hosts:
            return 421, "This server is not called that: open the address that svqa serve printed."
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return 403, "Another site's page may not ask this server."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return 403, "Another site's page may not ask this server."
        if not self._knows(headers, query):
            return 401, "The token is missing: open the address that svqa serve printed."
        return None

    def _knows(self, headers: dict[str, str], query: str) -> bool:
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer] if kind.lower() == "bearer" else []
        given += parse_qs(query).get("token", [])
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        given += [cookie.value] if cookie else []
        return any(hmac.compare_digest(g.encode(), self.token.encode()) for g in given)


class Guard:
    """ASGI middleware: what the door refuses never reaches the app.

    A page that is opened with the token in its address gets a cookie and an address without it.
    """

    def __init__(self, app: App, door: Door):
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        from starlette.responses import JSONResponse, RedirectResponse, Response

        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        answer: Response | None = None
        if refused := self.door.refusal(headers, query):
            answer = JSONResponse({"error": refused[1]}, refused[0])
        elif scope["method"] == "GET" and scope["path"] == "/" and "token" in parse_qs(query):
            rest = [(k, v) for k, values in parse_qs(query).items() for v in values if k != "token"]
            answer = RedirectResponse("/" + (f"?{urlencode(rest)}" if rest else ""), 303)
            answer.set_cookie(COOKIE, self.door.token, httponly=True, samesite="strict")

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        await (answer or self.app)(scope, receive, send_with_headers)
