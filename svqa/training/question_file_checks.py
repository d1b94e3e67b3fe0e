"""Text of a question file -> numbered rows, and what is wrong with each, without opening a
video.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ROW_FIELDS = (
    "video",
    "image",
    "question",
    "answer",
    "answers",
    "time_s",
    "span",
    "type",
    "split",
    "group",
)
ALSO_KNOWN = (
    "id",
    "options",
    "spans",
)  # what the shapes world and the comparison write beside them
_SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and on which line of the file (from 1)."""

    line: int
    text: str


def numbered_rows(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON Lines, or one JSON list of objects -> (line, row); what is not a row is added to
    `mistakes`.
    """
    values = (
        _list_items(text, mistakes) if text.lstrip().startswith("[") else _lines(text, mistakes)
    )
    seen = 0
    for line, value in values:
        seen += 1
        if isinstance(value, dict):
            yield line, value
        else:
            mistakes.append(
                Mistake(
                    line,
                    f'expected an object like {{"video": ..., "question": ...}}, got {value!r}',
                )
            )
    if not seen and not mistakes:
        mistakes.append(Mistake(1, "the file is empty; expected a row a question"))


def field_mistakes(line: int, row: dict[str, Any]) -> list[Mistake]:
    """What is wrong with one row's fields, taken alone."""
    found = [*_names(row), *_source(row), *_words(row), *_times(row)]
    if row.get("split") not in (None, *_SPLITS):
        found.append(f"`split` must be one of {', '.join(_SPLITS)}, got {row['split']!r}")
    if not isinstance(row.get("type") or "", str):
        found.append(f"`type` must be text, got {row['type']!r}")
    return [Mistake(line, text) for text in found]


def _lines(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                mistakes.append(
                    Mistake(number, f"is not JSON ({_reason(error)}): {line.strip()[:60]!r}")
                )


def _list_items(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, Any]]:
    """One item after the other, so that each is known by the line it begins on."""
    decoder, at = json.JSONDecoder(), text.index("[") + 1
    while True:
        at = _skip(text, at)
        if text[at : at + 1] in ("]", ""):
            if at >= len(text):
                mistakes.append(Mistake(_line_at(text, at), "the list is not closed with `]`"))
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError as error:
            mistakes.append(
                Mistake(
                    _line_at(text, at), f"is not JSON ({_reason(error)}): {text[at : at + 60]!r}"
                )
            )
            return
        yield _line_at(text, at), value
        at = end


def _names(row: dict) -> Iterator[str]:
    for name in row:
        if name not in (*ROW_FIELDS, *ALSO_KNOWN):
            near = difflib.get_close_matches(name, ROW_FIELDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            yield f"has a field `{name}` that nothing reads.{hint} Known: {', '.join(ROW_FIELDS)}"


def _source(row: dict) -> Iterator[str]:
    given = [name for name in ("video", "image") if name in row]
    if len(given) != 1:
        yield f"needs either `video` or `image`, got {'both' if given else 'neither'}"
    elif not isinstance(row[given[0]], str) or not row[given[0]].strip():
        yield f"`{given[0]}` must name a file, got {row[given[0]]!r}"
    elif given == ["image"] and (row.get("time_s") is not None or row.get("span") is not None):
        yield "a picture has no seconds: leave `time_s` and `span` out, or name a `video`"


def _words(row: dict) -> Iterator[str]:
    if not _is_text(row.get("question")):
        yield f"`question` must be a sentence, got {row.get('question')!r}"
    given = [name for name in ("answer", "answers") if name in row]
    if len(given) != 1:
        yield f"needs either `answer` or `answers`, got {'both' if given else 'neither'}"
    elif given == ["answer"] and not _is_text(row["answer"]):
        yield f"`answer` must be words, got {row['answer']!r}"
    elif given == ["answers"] and not (
        isinstance(row["answers"], list) and row["answers"] and all(map(_is_text, row["answers"]))
    ):
        yield f"`answers` must be a list of words, got {row['answers']!r}"


def _times(row: dict) -> Iterator[str]:
    time_s, span = row.get("time_s"), row.get("span")
    if time_s is not None and span is not None:
        yield "asks about one second (`time_s`) and about a `span`: only one of them can be"
    if time_s is not None and not _is_second(time_s):
        yield f"`time_s` must be seconds from the start of the video, 0 or more, got {time_s!r}"
    if span is not None and not (
        isinstance(span, list)
        and len(span) == 2
        and all(map(_is_second, span))
        and span[0] < span[1]
    ):
        yield f"`span` must be [start, end] in seconds with start < end, got {span!r}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_second(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _line_at(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _reason(error: ValueError) -> str:
    return getattr(error, "msg", str(error))
