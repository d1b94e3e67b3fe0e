"""Is A before or after B -> the order of the lines that support each, where both are found."""

from __future__ import annotations

import numpy as np

from svqa.answering.on_screen_text import MIN_SUPPORT, Reading
from svqa.answering.sentence_scoring import Lines, support
from svqa.language.question_parser import statement_of
from svqa.models.base import TextEncoder


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
