"""Frames in time order -> the seconds worth reading; what was read then -> text with its seconds.

Reading a picture costs as much as a second of a film may. Most pictures hold no text, or the same
as before: `TextGate` looks at small frames and names those where text came, changed or went. What
was read there holds until the next of these seconds, so `text_boxes` can say from when to when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

import cv2
import numpy as np

from svqa.records import FrameBatch, TextBox, TextLine

GREY_PX = 320  # the longer side of the picture in which changes are looked for
BLOCK_PX = 8
SAME_GREY = 5.0  # of 255: blocks that differ less in the mean are the same
SAME_PLACE = 0.5  # intersection over union
SAME_LETTERS = 0.6  # correlation of two patches of text
PATCH_PX = (64, 16)
SAME_WORDS = 0.8  # ratio of matching characters: two readings of one line differ by a letter or two


Patch = tuple[tuple[float, float, float, float], np.ndarray]  # where a text is, how it looks


class TextFinder(Protocol):
    """What the gate needs of a reader: `RapidOcrReader` has it."""

    def find(self, pixels: np.ndarray) -> list[tuple[float, float, float, float]]:
        """Boxes of what looks like text."""


@dataclass(frozen=True)
class TextChange:
    """At `t_s` text came, changed or went; `shown` is False where none is left to read."""

    t_s: float
    shown: bool


class TextGate:
    """Frames of one video in time order, in batches -> the changes of its text.

    A picture that is like the one before is not looked at. In the others the places of text are
    found and compared with those of the picture before: a moving camera behind a caption is no
    change, other words in the same place are.
    """

    def __init__(self, finder: TextFinder):
        self._finder = finder
        self._grey: np.ndarray | None = None
        self._patches: list[Patch] = []

    def changes(self, frames: FrameBatch) -> list[TextChange]:
        """The frames that are worth reading, and those where text has gone."""
        found = []
        for pixels, t_s in zip(frames.pixels, frames.t_s.tolist(), strict=True):
            if self._is_like_the_last(pixels):
                continue
            patches = [(box, _patch(pixels, box)) for box in self._finder.find(pixels)]
            if not _all_known(patches, self._patches) or not _all_known(self._patches, patches):
                found.append(TextChange(t_s, bool(patches)))
            self._patches = patches
        return found

    def _is_like_the_last(self, pixels: np.ndarray) -> bool:
        scale = GREY_PX / max(pixels.shape[:2])
        size = tuple(max(BLOCK_PX, round(side * scale)) for side in pixels.shape[1::-1])
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        last, self._grey = self._grey, grey
        if last is None or last.shape != grey.shape:
            return False
        blocks = (size[0] // BLOCK_PX, size[1] // BLOCK_PX)
        mean = cv2.resize(cv2.absdiff(grey, last), blocks, interpolation=cv2.INTER_AREA)
        if mean.max() < SAME_GREY:
            self._grey = last  # so that a slow fade adds up to a change
            return True
        return False


def text_boxes(
    readings: Sequence[tuple[float, Sequence[TextLine]]], *, end_s: float, model_id: str
) -> list[TextBox]:
    """Lines by the second they were read at, in time order -> each line once, with its seconds.

    A line lasts from the first reading that has it to the first that has it no more, or `end_s`.
    Two readings have the same line where the words agree but for a letter or two and the places
    overlap; the words and the box are those of the surest reading.

    >>> line = TextLine("Exit", 0.9, (0.0, 0.0, 40.0, 10.0))
    >>> (box,) = text_boxes([(1.0, [line]), (2.0, [line]), (3.0, [])], end_s=9.0, model_id="m")
    >>> box.text, box.start_s, box.end_s
    ('Exit', 1.0, 3.0)
    """
    done: list[tuple[float, float, TextLine]] = []
    shown: list[tuple[float, TextLine, TextLine]] = []  # since when, best reading, last reading
    for t_s, lines in [*readings, (end_s, ())]:
        still, left = [], list(lines)
        for start_s, best, last in shown:
            now = next((line for line in left if _same_line(line, last)), None)
            if now is None:
                done.append((start_s, t_s, best))
                continue
            left.remove(now)
            still.append((start_s, max(best, now, key=lambda line: line.score), now))
        shown = still + [(t_s, line, line) for line in left]
    return [
        TextBox(line.text, start_s, stop_s, line.score, line.xyxy_px, model_id)
        for start_s, stop_s, line in sorted(done, key=lambda row: (row[0], row[2].xyxy_px[1]))
    ]


def _same_line(one: TextLine, other: TextLine) -> bool:
    words = SequenceMatcher(None, one.text.lower(), other.text.lower(), autojunk=False)
    return words.ratio() >= SAME_WORDS and _overlap(one.xyxy_px, other.xyxy_px) > 0


def _all_known(patches: Sequence[Patch], others: Sequence[Patch]) -> bool:
    return all(
        any(
            _overlap(box, other) >= SAME_PLACE and float(patch @ letters) >= SAME_LETTERS
            for other, letters in others
        )
        for box, patch in patches
    )


def _patch(pixels: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """The look of a text: grey values around their mean, as a vector of length 1."""
    x0, y0, x1, y1 = (int(v) for v in box)
    grey = cv2.cvtColor(pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], cv2.COLOR_RGB2GRAY)
    patch = cv2.resize(grey, PATCH_PX, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    patch -= patch.mean()
    return patch / max(float(np.linalg.norm(patch)), 1e-6)


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union
