"""A question that its lines answer by themselves -> what was read, or which of two comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from svqa.answering.sentence_scoring import Lines, support
from svqa.language.question_parser import statement_of
from svqa.models.base import TextEncoder

MIN_SUPPORT = 0.40  # as in `svqa.answering.evidence`: a line that fits the question's words
MOST_ROWS, MIN_READ = 8, 0.3  # of a reading that is given whole, and how sure it then is
_TITLE = re.compile(r"\b(titled?|headline|name of)\b")
_BRAND = re.compile(r"\b(brand|make of|logo|company)\b")  # often part of a longer line
_PRICE = re.compile(r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|dollars?|euros?|pounds?)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Reading:
    """The words that answer, how sure, and how much each line `(N,)` supports them."""

    text: str
    score: float
    found: np.ndarray


def reading_for(text: str, lines: Lines, encoder: TextEncoder) -> Reading | str:
    """-> what the picture reads, or why nothing of it answers. `text` is plain lower case.

    The line that fits the question's words; where none does, what was asked about may be any of
    them, so the whole reading is given. A title is the first row of what is shown longest, a price
    needs a currency.
    """
    lines = lines[lines.written] if not lines.written.all() else lines
    if not len(lines):
        return "The question is about text in the picture, and none was read."
    found = support(lines, text, encoder)
    if text.startswith("how much"):
        priced = np.array([bool(_PRICE.search(line)) for line in lines.texts])
        if not priced.any():
            return "No price was read in the picture."
        found = np.where(priced, np.maximum(found, MIN_SUPPORT), 0)
    if _TITLE.search(text):
        first = np.append(True, lines.owners[1:] != lines.owners[:-1])
        found = np.where(first, lines.seconds, 0)
        found = found / max(found.max(), 1e-9)
    best = int(np.argmax(found))
    rows = [lines.texts[i] for i in np.flatnonzero(lines.owners == lines.owners[best])]
    whole = len(rows) > 1 and (found[best] < MIN_SUPPORT or bool(_BRAND.search(text)))
    said = " ".join(rows[:MOST_ROWS]) if whole else lines.texts[best]
    return Reading(said, max(float(found[best]), MIN_READ), found)


def order_of(text: str, lines: Lines, encoder: TextEncoder) -> Reading | str:
    """-> `before` or `after`, or why neither can be said. `text`: "is A before or after B"."""
    asked, _, other = text.partition(" before or after ")
    found = [support(lines, part, encoder) for part in (statement_of(asked), other)]
    if min(f.max() for f in found) < MIN_SUPPORT:
        return "One of the two was not found, so neither can be said to come first."
    best = [int(np.argmax(f)) for f in found]
    first_s, second_s = (lines.spans[i][0] for i in best)
    if first_s == second_s:
        return "Both are found in the same seconds, so neither comes first."
    score = float(min(f.max() for f in found))
    rests_on = np.where(np.isin(np.arange(len(lines)), best), score, 0)
    return Reading("before" if first_s < second_s else "after", score, rests_on)
