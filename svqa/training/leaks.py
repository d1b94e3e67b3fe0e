"""Training and validation examples -> refused where they share a file.

Warned where two pictures look alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.errors import UsageError
from svqa.training.dataset import Example

NEAR_BITS = 4  # of 64: two pictures whose hashes differ in no more are likely the same scene
_SIDE = 32


def refuse_shared(train: Sequence[Example], val: Sequence[Example]) -> None:
    """Raises UsageError where a file, or a group, is in both.

    What was learnt by heart would count as understood.

    Files are compared by content, so that a copy under another name is found too.
    """
    of_file, of_group = {e.sha256: e for e in train}, {e.group: e for e in train}
    shared = {
        e.path.name: (of_file.get(e.sha256) or of_group[e.group], e)
        for e in val
        if e.sha256 in of_file or e.group in of_group
    }
    if shared:
        pairs = [
            (
                f"{a.path.name} (line {a.line} of training) is {b.path.name} (line {b.line} "
                "of validation)"
            )
            if a.sha256 == b.sha256
            else f"{a.group!r} is in line {a.line} of training and in line {b.line} of validation"
            for a, b in shared.values()
        ]
        raise UsageError(
            f"Training and validation share {len(shared)} of {len({e.group for e in val})} videos, "
            f"so that validation would measure memory: {'; '.join(pairs[:3])}. Split by video, for "
            "example with a `split` in every row."
        )


def perceptual_hash(pixels: np.ndarray) -> int:
    """(H, W, 3) uint8 -> 64 bits that change little where the picture looks the same.

    pHash, Zauner 2010.

    The signs, around their median, of the 8 x 8 lowest frequencies of the grey picture at 32 x 32;
    the mean is left out.
    """
    import cv2
    from scipy.fft import dctn

    grey = cv2.resize(
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA
    )
    low = dctn(grey.astype(np.float64), norm="ortho")[:8, :8].ravel()
    bits = low > np.median(low[1:])
    bits[0] = False
    return int(np.packbits(bits).view(">u8")[0])


def near_duplicates(
    train: np.ndarray, val: np.ndarray, *, most_bits: int = NEAR_BITS
) -> list[tuple[int, int]]:
    """Hashes (N,) and (M,) uint64 -> pairs (row of train, row of val) that nearly agree.

    They differ in at most `most_bits`; one pair a val.
    """
    found = []
    for row, one in enumerate(val):
        apart = np.bitwise_count(np.bitwise_xor(train, one))
        if len(apart) and apart.min() <= most_bits:
            found.append((int(apart.argmin()), row))
    return found
