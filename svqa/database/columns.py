"""Python values -> column values, checked on the way in.

Text that every database can hold, times in UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

from svqa.errors import BadText, DatabaseError


def check_text(value: str) -> str:
    """The same text; `BadText` where no database stores it.

    A NUL character, half of a surrogate pair.

    PostgreSQL has no NUL in text and UTF-8 has no lone surrogates. SQLite would take a NUL, and C
    programs would cut the text off there.
    """
    if "\0" in value:
        raise BadText(
            f"text cannot hold the NUL character, got {value[:40]!r}. Remove it before storing."
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        bad = value[error.start]
        raise BadText(
            f"text must be valid Unicode, got the lone surrogate {bad!r} at {error.start} of "
            f"{value[:40]!r}. File names that are not UTF-8 have to be renamed."
        ) from None
    return value


class CheckedText(TypeDecorator[str]):
    """Text of any length, refused with `BadText` where it could not be given back exactly."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """str -> str, checked."""
        return None if value is None else check_text(value)


class Document(TypeDecorator[Any]):
    """Mappings and lists as JSON.

    Refused with `DatabaseError` where JSON has no word for a value (NaN, an array).
    """

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """value -> the same, checked."""
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DatabaseError(
                f"expected what JSON can hold, got {str(value)[:80]} ({error})."
            ) from None
        return value


class UtcTime(TypeDecorator[datetime]):
    """Timezone-aware times: stored in UTC, given back in UTC. A naive time is refused.

    SQLite has no type for a time zone, so it holds the UTC clock; PostgreSQL holds `timestamptz`.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """aware datetime -> UTC datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"a time needs its zone, got the naive {value!r}. Use datetime.now(UTC)."
            )
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """database time -> aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)
