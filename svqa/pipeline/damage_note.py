"""Seconds in which pictures are damaged <-> the words of a video's note, and marked evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from svqa.records import Evidence

MOST_SPANS = 20
_LEAD = "damaged pictures at "
_SPAN = re.compile(r"(\d+\.\d)-(\d+\.\d) s")


def damage_note(spans_s: Sequence[tuple[float, float]]) -> str:
    """-> what is said of them, "" where there are none.

    >>> damage_note([(3.21, 5.0), (9.0, 9.04)])
    'damaged pictures at 3.2-5.0 s, 9.0-9.1 s: they are not described'
    """
    if not spans_s:
        return ""
    shown = [
        f"{int(a * 10) / 10:.1f}-{math.ceil(b * 10) / 10:.1f} s" for a, b in spans_s[:MOST_SPANS]
    ]
    more = len(spans_s) - len(shown)
    rest = f" and {more} more" if more else ""
    return f"{_LEAD}{', '.join(shown)}{rest}: they are not described"


def damaged_spans(note: str) -> list[tuple[float, float]]:
    """-> the seconds that a note tells of.

    >>> damaged_spans("damaged pictures at 3.2-5.0 s: they are not described")
    [(3.2, 5.0)]
    """
    _, found, told = note.partition(_LEAD)
    return [(float(a), float(b)) for a, b in _SPAN.findall(told.partition(":")[0])] if found else []


def mark(evidence: Evidence, note: str) -> Evidence:
    """The same evidence, its `parts` saying which share of its seconds is damaged, if any is."""
    length_s = max(evidence.end_s - evidence.start_s, 1e-6)
    shared_s = sum(
        max(0.0, min(b, evidence.end_s) - max(a, evidence.start_s)) for a, b in damaged_spans(note)
    )
    if not shared_s:
        return evidence
    return replace(evidence, parts={**evidence.parts, "damaged": min(1.0, shared_s / length_s)})
