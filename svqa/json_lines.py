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
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        kind = "looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "is not UTF-8"
        raise UsageError(
            f"{path} {kind} (line {line}: byte 0x{data[error.start]:02x}). Save it again with "
            "the encoding UTF-8."
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, _not_json(number, error, line)


def _list_items(text: str) -> Iterator[tuple[int, Any]]:
    """One item after the other, so that each is known by the line it begins on."""
    decoder, at = json.JSONDecoder(), text.index("[") + 1
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


def _not_json(line: int, error: Exception, found: str) -> Mistake:
    reason = getattr(error, "msg", str(error))
    return Mistake(line, f"is not JSON ({reason}): {found[:60]!r}")
