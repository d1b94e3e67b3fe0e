"""Files of benchmarks -> rows and values whose form was checked, or an error with the line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from svqa.errors import UsageError
from svqa.json_lines import Mistake, decode, read_json, refuse, values

Row = tuple[int, dict[str, str]]  # the line a row begins on, and its values by column


def read_table(path: str | Path, columns: Sequence[str], kind: str) -> list[Row]:
    """-> the rows of a csv file, each of which has a value in all of `columns`.

    Raises UsageError for another encoding, for columns that it lacks, naming `kind`, the
    annotation file that was expected, and with every row that is too short or too long.
    """
    text = decode(_data(path), path)
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(
                f"{path} is not a {kind} annotation file: it lacks the column(s) "
                f"{', '.join(missing)}."
            )
        rows, line = [], reader.line_num + 1
        for row in reader:
            rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path} is not CSV (line {reader.line_num}: {error}).") from None
    refuse(Path(path), _uneven(rows, columns))
    return rows


def read_object(path: str | Path, what: str) -> dict[str, Any]:
    """-> the object that a JSON file (.json or .json.gz) holds. Raises UsageError for another."""
    value = read_json(_unpacked(path), path)
    if not isinstance(value, dict):
        raise UsageError(f"{path} must hold {what}, got {_short(value)}.")
    return value


def read_lines(path: str | Path) -> list[tuple[int, dict[str, Any]]]:
    """-> the objects of a file of JSON Lines (.jsonl or .jsonl.gz), each with its line.

    A file that holds one JSON list of objects is read alike. Raises UsageError with every line
    that holds anything else.
    """
    found = list(values(decode(_unpacked(path), path)))
    refuse(Path(path), (_no_object(n, value) for n, value in found if not isinstance(value, dict)))
    if not found:
        raise UsageError(f"{path} is empty.")
    return found


def captions_by_video(path: str | Path) -> dict[str, list[str]]:
    """-> each video's captions, one a second.

    Raises UsageError for anything else: a text where a list belongs would become its letters.
    """
    found = read_object(path, "{video: [caption at 0 s, at 1 s, ...]}")
    for video, captions in found.items():
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise UsageError(
                f"{path}: the captions of '{video}' must be a list of texts, one a second, got "
                f"{_short(captions)}."
            )
    return found


def option_number(value: object, options: int) -> int | None:
    """-> the index of an option that a file's value says; None where it says none."""
    text = str(value)
    return int(text) if text.isdecimal() and text.isascii() and int(text) < options else None


def _data(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _unpacked(path: str | Path) -> bytes:
    data = _data(path)
    if Path(path).suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path} cannot be unpacked: {error}.") from None


def _no_object(line: int, value: object) -> Mistake:
    if isinstance(value, Mistake):
        return value
    return Mistake(line, f"must be an object, got {_short(value)}")


def _uneven(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[Mistake]:
    for line, row in rows:
        given: Mapping[Any, Any] = row
        if None in given:
            yield Mistake(line, "has more values than there are columns")
        lacking = [name for name in columns if not (given.get(name) or "").strip()]
        if lacking:
            yield Mistake(line, f"has no value for {', '.join(lacking)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
