"""`http(s)://host:port/v1#model` -> where a chat model is, checked before anything is sent."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from svqa.errors import UsageError

KEY = "SVQA_ENDPOINT_KEY"


@dataclass(frozen=True)
class Endpoint:
    """`http(s)://host:port/path#model`, checked: where it is, and which of its models is meant."""

    FORM: ClassVar[str] = "http(s)://host:port/v1#model"

    url: str
    model: str

    @classmethod
    def parse(cls, spec: str) -> Endpoint:
        """Raises UsageError where the model is missing, or where a key or password stands in it.

        >>> Endpoint.parse("http://localhost:11434/v1#qwen2.5vl:7b").model
        'qwen2.5vl:7b'
        """
        form = f"An endpoint is {cls.FORM}"
        try:
            parts = urlsplit(spec)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https"):
            raise UsageError(f"{form}, got something that has no host or another scheme.")
        if parts.username or parts.password or parts.query:
            raise UsageError(
                f"{form}, without user, password or query: the address is kept with each answer. "
                f"A key goes into the environment: {KEY}=..."
            )
        if not parts.fragment.strip():
            raise UsageError(
                f"{form}: which model of {parts.scheme}://{parts.netloc}{parts.path} is asked has "
                "to stand after a '#'."
            )
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path}", parts.fragment.strip())

    @property
    def host(self) -> str:
        """With its port, as it stands in `model_id`."""
        return urlsplit(self.url).netloc

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, as far as its name says."""
        name = urlsplit(self.url).hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False
