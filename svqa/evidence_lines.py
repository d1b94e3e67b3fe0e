"""The `evidence` of a question's row -> checked lines: what a model that reads words is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from svqa.records import Evidence

KINDS = ("caption", "visual", "speech", "text")
_NAMES = ("start_s", "end_s", "kind", "text")
_EXPECTED = '{"start_s": 0.0, "end_s": 5.0, "kind": "caption", "text": "A dog runs."}'


def wrong_evidence(given: Any) -> Iterator[str]:
    """-> what is wrong with a row's `evidence`, one sentence each; None and [] are right."""
    if given is None:
        return
    if not isinstance(given, list):
        yield f"`evidence` must be a list of lines like {_EXPECTED}, got {given!r}"
        return
    for number, line in enumerate(given, 1):
        if wrong := _wrong(line):
            yield f"line {number} of `evidence` {wrong}"


def evidence_lines(given: Any, video: str) -> tuple[Evidence, ...]:
    """-> checked `evidence` as records about `video`; those that come first count most.

    >>> row = {"start_s": 0, "end_s": 5, "kind": "caption", "text": "A  dog runs."}
    >>> evidence_lines([row], "v.mp4")[0].text
    'A dog runs.'
    """
    return tuple(
        Evidence(
            video,
            video,
            float(line["start_s"]),
            float(line["end_s"]),
            1.0,
            line["kind"],
            " ".join(line["text"].split()),
        )
        for line in given or ()
    )


def is_text(value: Any) -> bool:
    """Words that every database can give back: without NUL, without half a character."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _wrong(line: Any) -> str:
    if not isinstance(line, Mapping) or set(line) != set(_NAMES):
        return f"must have {', '.join(_NAMES)} and nothing else, got {line!r}"
    if line["kind"] not in KINDS:
        return f"has the kind {line['kind']!r}; known: {', '.join(KINDS)}"
    text = line["text"]
    if not is_text(text):
        return f"must have words as its text, got {text!r}"
    seconds = (line["start_s"], line["end_s"])
    if not all(type(s) in (int, float) and math.isfinite(s) and s >= 0 for s in seconds):
        return f"must have seconds of 0 or more, got {seconds[0]!r} and {seconds[1]!r}"
    if seconds[0] >= seconds[1]:
        return f"must start before it ends, got {seconds[0]!r} and {seconds[1]!r}"
    return ""
