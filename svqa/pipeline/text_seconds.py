"""Lines that were read in one picture -> the pictures around it in which they can still be seen.

Reading is dear, looking again is not: the patch of a line is looked for at its place in the next
picture, and from there in the one after that, so that a sign is followed while the camera moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from svqa.records import TextLine

# correlation of a line's patch and what is found, which a fade keeps; and how far its worst part,
# about a letter wide, may be from it, in standard deviations. Chosen on real clips: stricter, and
# what is written over moving pictures is lost after a step. So a single digit may change unseen; a
# large one in a picture that is held is seen, because the picture is another (`near_duplicates`).
ALIKE, PART_APART = 0.75, 0.9
MARGIN = 0.06  # of the picture's sides: how far a line may move from a picture to the next
# share of the lines that have to be found: a list grows line by line, and a logo stays beside words
# that change
ENOUGH = 0.6
MOST_LINES = 12  # that are looked for: the largest
LEAST_CONTRAST = 4.0  # standard deviation of grey values, below which a patch shows nothing
LEAST_PX = 3


class TextTracks:
    """Where the lines of some pictures of a chunk go, among all its pictures.

    `pixels (T, h, w, 3)` in time order, `shows (T,)`: equal numbers where a picture repeats
    another (`near_duplicates`), in which its lines are known to be.
    """

    def __init__(self, pixels: np.ndarray, shows: np.ndarray):
        self._pixels, self._shows = pixels, shows
        self._grey: dict[int, np.ndarray] = {}

    def reach(
        self, row: int, lines: Sequence[TextLine], rows: Iterable[int], size_px: tuple[int, int]
    ) -> list[int]:
        """-> those of `rows`, one after another away from `row`, up to the first without the lines.

        Lines in pixels of a picture of `size_px` (width, height). Where there are no lines, the
        pictures that repeat that of `row`.
        """
        patches = self._patches(row, lines, size_px)
        reached, before = [], row
        for other in rows:
            if self._shows[other] != self._shows[before]:
                patches, found = self._found(patches, other)
                if not found:
                    break
            reached.append(other)
            before = other
        return reached

    def _patches(
        self, row: int, lines: Sequence[TextLine], size_px: tuple[int, int]
    ) -> list[tuple[np.ndarray, int, int]]:
        """The largest lines as (patch, left, top) in the chunk's own pixels."""
        grey = self._grey_of(row)
        x, y = grey.shape[1] / size_px[0], grey.shape[0] / size_px[1]
        found = []
        for line in lines:
            left, right = (round(edge * x) for edge in line.xyxy_px[0::2])
            top, bottom = (round(edge * y) for edge in line.xyxy_px[1::2])
            patch = grey[max(0, top) : bottom, max(0, left) : right]
            if min(patch.shape) >= LEAST_PX and patch.std() >= LEAST_CONTRAST:
                found.append((patch, max(0, left), max(0, top)))
        return sorted(found, key=lambda one: -one[0].size)[:MOST_LINES]

    def _found(
        self, patches: list[tuple[np.ndarray, int, int]], row: int
    ) -> tuple[list[tuple[np.ndarray, int, int]], bool]:
        """The patches as they look in another picture; whether enough of them are there."""
        grey = self._grey_of(row)
        down, right = (max(1, round(MARGIN * side)) for side in grey.shape)
        moved, found = [], 0
        for patch, left, top in patches:
            height, width = patch.shape
            x0, y0 = max(0, left - right), max(0, top - down)
            window = grey[y0 : top + height + down, x0 : left + width + right]
            alike = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
            _, best, _, (x, y) = cv2.minMaxLoc(alike)
            there = window[y : y + height, x : x + width]
            if best >= ALIKE and parts_alike(patch, there):
                found += 1
                patch, left, top = there, x0 + x, y0 + y
            moved.append((patch, left, top))
        return moved, bool(patches) and found >= ENOUGH * len(patches)

    def _grey_of(self, row: int) -> np.ndarray:
        if row not in self._grey:
            # what it repeats is the same, and nobody writes over that meanwhile
            original = self._pixels[self._shows[row]]
            self._grey[row] = cv2.cvtColor(original, cv2.COLOR_RGB2GRAY)
        return self._grey[row]


def parts_alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two grey patches (h, w) are alike in each part, but for brightness and contrast."""
    one, other = (
        (x.astype(np.float32) - x.mean()) / max(float(x.std()), LEAST_CONTRAST) for x in (a, b)
    )
    wide = max(LEAST_PX, a.shape[0])
    step, last = max(1, wide // 2), max(1, a.shape[1] - wide // 2)
    return all(
        float(np.sqrt(((one - other)[:, left : left + wide] ** 2).mean())) <= PART_APART
        for left in range(0, last, step)
    )
