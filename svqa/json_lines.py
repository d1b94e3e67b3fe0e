"""A file of JSON Lines, or of one JSON list -> its values, each with the line it begins on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.errors import UsageError

SHOWN = 20  # mistakes listed in one error


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and on which line of the file (from 1)."""

    line: int
    text: str


def values(text: str) -> Iterator[tuple[int, Any]]:
    """-> (line, value), or (line, `Mistake`) where no value can be read."""
    return _list_items(text) if text.lstrip().startswith("[") else _lines(text)


def decode(data: bytes, path: str | Path) -> str:
    """The bytes of a file -> its text, with `\\n` at each line's end.

    Raises UsageError with the line that is not UTF-8.
    """
    if kind := _of_two_bytes(data):
        raise UsageError(
            f"{path} looks like {kind} (line 1: byte 0x{data[0]:02x}). Save it again with the "
            "encoding UTF-8."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path} is not UTF-8 (line {line}: byte 0x{data[error.start]:02x}). Save it again "
            "with the encoding UTF-8."
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(data: bytes, path: str | Path) -> Any:
    """The bytes of a file that holds one JSON value -> the value.

    Raises UsageError for another encoding, for what is not JSON and for a name given twice.
    """
    text = decode(data, path)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(f"{path} is not JSON (line {line}: {_reason(error)}).") from None


def refuse(path: Path, mistakes: Iterable[Mistake], *, nothing: str = "asked") -> None:
    """Raises UsageError with every mistake, each on a line of its own, if there is one.

    `nothing`: what therefore did not happen, `Nothing was asked.`
    """
    ordered = sorted(mistakes, key=lambda mistake: mistake.line)
    if not ordered:
        return
    count = "1 mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
    lines = [f"  line {m.line}: {m.text}." for m in ordered[:SHOWN]]
    more = [f"  ... and {len(ordered) - SHOWN} more."] if len(ordered) > SHOWN else []
    raise UsageError("\n".join([f"{path} has {count}. Nothing was {nothing}.", *lines, *more]))


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    # a line ends at a newline only: U+2028 and the like may stand inside a JSON string
    for number, line in enumerate(text.split("\n"), 1):
        if line := line.strip():
            try:
                yield number, json.loads(line, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                yield number, _not_json(number, error, line)


def _list_items(text: str) -> Iterator[tuple[int, Any]]:
    """One item after the other, so that each is known by the line it begins on."""
    decoder, at = json.JSONDecoder(object_pairs_hook=_once), text.index("[") + 1
    while True:
        at = _skip(text, at, " \t\n,")
        line = text.count("\n", 0, at) + 1
        if at >= len(text):
            yield line, Mistake(line, "the list is not closed with `]`")
            return
        if text[at] == "]":
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield line, _not_json(line, error, text[at:])
            return
        yield line, value
    if rest := text[at + 1 :].strip():
        line = text.count("\n", 0, _skip(text, at + 1, " \t\n")) + 1
        yield line, Mistake(line, f"goes on after the list was closed with `]`: {rest[:60]!r}")


def _skip(text: str, at: int, what: str) -> int:
    while at < len(text) and text[at] in what:
        at += 1
    return at


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object. Raises ValueError where a later one would replace an earlier."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice[:60]!r} is given twice")
    return found


def _of_two_bytes(data: bytes) -> str:
    """-> the name of an encoding whose letters take two bytes or four, "" for another.

    With its mark at the start, or else by the zeros that stand beside the ASCII marks of JSON.
    """
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "UTF-32"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16"
    start = data[:4]
    if start.count(0) >= 2 and any(start):
        return "UTF-16" if start.count(0) == 2 else "UTF-32"
    return ""


def _not_json(line: int, error: Exception, found: str) -> Mistake:
    return Mistake(line, f"is not JSON ({_reason(error)}): {found[:60]!r}")


def _reason(error: Exception) -> str:
    return getattr(error, "msg", str(error))
