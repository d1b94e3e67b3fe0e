"""A small HTTP server on this machine that speaks the OpenAI protocol, well or badly as told."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class ChatServer:
    """What it is asked is in `requests`; each is met by the next of its `ways`, the last for ever.

    A way is a reply in words, `(status, body)`, or a function of handler and request.
    """

    ways: Sequence[Any]
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def prompt(self) -> str:
        """The words of the last request."""
        said = []
        for turn in self.requests[-1]["messages"]:
            content = turn["content"]
            parts = [content] if isinstance(content, str) else content
            said += [p if isinstance(p, str) else p.get("text", "<picture>") for p in parts]
        return "".join(said)


def completion(text: str) -> bytes:
    body = {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }
    return json.dumps(body).encode()


def slow(seconds: float) -> Callable:
    def way(handler: BaseHTTPRequestHandler, request: dict) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return way


def half(handler: BaseHTTPRequestHandler, request: dict) -> None:
    """Half a reply, then the connection is gone."""
    body = completion("a reply")
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    handler.close_connection = True


def dripping(handler: BaseHTTPRequestHandler, request: dict) -> None:
    """A byte now and then: no single wait is long, all together never end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def obeying(handler: BaseHTTPRequestHandler, request: dict) -> None:
    """A model without any will of its own: it cites what the last order in its prompt names."""
    words = json.dumps(request["messages"])
    orders = re.findall(r"cite line (\d+)", words)
    cited = [int(orders[-1])] if orders else [1]
    text = json.dumps({"answer": "a chair", "lines": cited, "frames": [], "sure": 1})
    _send(handler, 200, completion(text))


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving(*ways: Any) -> Iterator[ChatServer]:
    """A server while the block runs, at `url`, which names a model."""
    told = ChatServer(ways)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.requests.append(request)
            told.headers.append({k.lower(): v for k, v in self.headers.items()})
            way = told.ways[min(len(told.requests), len(told.ways)) - 1]
            try:
                if callable(way):
                    way(self, request)
                elif isinstance(way, tuple):
                    status, body, *headers = way
                    _send(self, status, body.encode(), **(headers[0] if headers else {}))
                else:
                    _send(self, 200, completion(way))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/v1#some-model"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def loopback(monkeypatch) -> None:
    """This test and what it starts may speak to 127.0.0.1."""
    monkeypatch.setenv("SVQA_TEST_LOOPBACK", "1")
