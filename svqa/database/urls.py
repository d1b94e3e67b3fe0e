"""A database's URL, whole or malformed -> the same without its secrets."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote

from sqlalchemy.engine import URL

HIDDEN = "***"
_SECRET_NAME = r"\w*(?:pass|pwd|secret|token|key)\w*"
_NAMED = re.compile(rf"(?i)(\b{_SECRET_NAME}\s*=\s*)('(?:[^'\\\\]|\\\\.)*'|\"[^\"]*\"|[^\s&;]+)")
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*:?/{1,3}|[A-Za-z][\w+.-]*:")


def shown_url(url: str | URL) -> str:
    """-> the URL with every password in it hidden, also where it is no URL that can be parsed.

    Hidden is what stands between the user's name and the last `@`, and the value of whatever is
    called a password, secret, token or key.

    >>> shown_url("postgres://me:hunter2@db.example:54x2/films?sslpassword=x")
    'postgres://me:***@db.example:54x2/films?sslpassword=***'
    """
    text = url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    before, at, after = text.rpartition("@")
    if not at or text.lower().startswith("sqlite:/"):
        return text
    scheme = _SCHEME.match(before)
    user, colon, _ = before[scheme.end() if scheme else 0 :].partition(":")
    start = scheme[0] if scheme else ""
    if not colon and "/" not in start:  # `user:password@`, without a scheme
        return f"{start}{HIDDEN}@{after}"
    return f"{start}{user}{colon}{HIDDEN if colon else ''}@{after}"


def without_secrets(text: str, url: URL) -> str:
    """-> a driver's words about a connection, with the passwords of its URL hidden."""
    secrets = {str(url.password)} if url.password else set()
    for name, value in url.query.items():
        if re.fullmatch(rf"(?i){_SECRET_NAME}", name):
            secrets |= {value} if isinstance(value, str) else set(value)
    forms = {form(s) for s in secrets for form in (str, quote, quote_plus, unquote) if s}
    for secret in sorted(forms, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _NAMED.sub(rf"\1{HIDDEN}", text)
