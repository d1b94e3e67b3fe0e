"""A table of questions, as CSV or as a Hugging Face dataset on disk -> rows of a question file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from svqa.errors import UsageError
from svqa.questions import FIELDS

SEVERAL = ("answers", "options")  # in a table, parts of a cell are set apart so
APART = ";"


def questions_of_csv(path: str | Path) -> list[dict[str, Any]]:
    """-> a row a line; columns are named as the fields of a question file, others are left out.

    `answers` and `options` hold parts set apart by `;`, `spans` and `span` seconds as `3.5-5; 7-8`.
    Raises UsageError where a column that is needed is missing.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        return rows_of(csv.DictReader(file), str(path))


def questions_of_dataset(path: str | Path) -> list[dict[str, Any]]:
    """-> the same of a data set that Hugging Face's `datasets` saved to disk; splits are kept."""
    try:
        import datasets
    except ImportError:
        raise ImportError("datasets is not installed. Run: pip install 'svqa[exchange]'") from None
    try:
        found = datasets.load_from_disk(str(path))
    except (FileNotFoundError, OSError, ValueError) as error:
        raise UsageError(f"{path} is no data set on disk: {error}") from None
    if isinstance(found, datasets.Dataset):
        return rows_of(found, str(path))
    names = {"validation": "val"}
    return [
        {**row, "split": names.get(split, split)}
        for split, part in found.items()
        for row in rows_of(part, f"{path}, {split}")
    ]


def rows_of(table: Iterable[Mapping[str, Any]], where: str) -> list[dict[str, Any]]:
    """Rows of any table -> rows of a question file; empty cells are left out."""
    rows = []
    for number, given in enumerate(table, start=1):
        row = {
            name: _value(name, value)
            for name, value in given.items()
            if name in FIELDS and value not in (None, "", [])
        }
        missing = [name for name in ("video", "question") if name not in row and "image" not in row]
        if missing or not {"answer", "answers"} & set(row):
            raise UsageError(
                f"{where}, row {number}: needs columns video, question and answer, has "
                f"{', '.join(map(str, given))}."
            )
        rows.append(row)
    return rows


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in SEVERAL:
        return [part.strip() for part in value.split(APART) if part.strip()]
    if name == "time_s":
        return float(value)
    if name in ("span", "spans"):
        spans = [_span(part) for part in value.split(APART) if part.strip()]
        return spans if name == "spans" else spans[0]
    return value


def _span(text: str) -> list[float]:
    begin, _, end = text.partition("-")
    try:
        return [float(begin), float(end)]
    except ValueError:
        raise UsageError(f"seconds are written as 3.5-5, got {text.strip()!r}.") from None
