"""Pixels of a box -> the basic colours it has, each with its share.

The eleven basic colour terms of English (Berlin and Kay 1969). A pixel is named by the nearest of a
few prototypes a term in CIELAB (CIE 1976); saturation decides between a colour and a grey, because
shade and light change lightness more than hue. The middle of a box counts most: its edges show what
lies behind.
"""

from __future__ import annotations

import cv2
import numpy as np

CLEAR = 0.45  # of the pixels, for a colour to be told
SECOND = 0.25  # for a second one beside it
# prototypes in sRGB: the focal colours, and what shade and sun make of them
PROTOTYPES = {
    "black": ((10, 10, 10), (35, 35, 38)),
    "white": ((250, 250, 250), (225, 225, 222), (205, 208, 212)),
    "grey": ((128, 128, 128), (90, 92, 95), (165, 168, 170)),
    "red": ((200, 20, 25), (150, 15, 20), (225, 50, 40)),
    "orange": ((245, 135, 20), (215, 105, 20)),
    "yellow": ((250, 220, 30), (220, 185, 25), (245, 230, 110)),
    "green": ((30, 150, 50), (20, 95, 35), (110, 190, 60), (130, 150, 40)),
    "blue": ((30, 80, 200), (20, 45, 120), (90, 160, 225)),
    "purple": ((120, 40, 150), (80, 35, 110)),
    "pink": ((245, 140, 180), (225, 90, 140)),
    "brown": ((110, 70, 35), (80, 50, 30), (150, 105, 65)),
}


def name_colours(pixels: np.ndarray) -> list[tuple[str, float]]:
    """(H, W, 3) uint8 RGB of a box -> basic colour terms with their shares, largest first.

    Shares are weighted towards the middle of the box and sum to 1. Raises ValueError on an empty
    picture.

    >>> name_colours(np.full((20, 20, 3), (200, 20, 25), np.uint8))
    [('red', 1.0)]
    """
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or not pixels.size:
        raise ValueError(f"pixels must be (H, W, 3) RGB, got {pixels.shape}")
    small = cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA)
    lab = _lab(small.reshape(-1, 3))
    names, prototypes = _prototypes()
    difference = lab[:, None] - prototypes[None]
    difference[..., 0] *= 0.5  # light and shade: lightness counts half
    nearest = np.linalg.norm(difference, axis=-1).argmin(axis=1)
    weights = _towards_the_middle(32)
    shares: dict[str, float] = {}
    for index, weight in zip(nearest, weights, strict=True):
        shares[names[index]] = shares.get(names[index], 0.0) + float(weight)
    total = sum(shares.values())
    return sorted(((n, round(s / total, 3)) for n, s in shares.items()), key=lambda p: -p[1])


def colour_of_boxes(boxes: list[np.ndarray]) -> tuple[str, float]:
    """Pixels of one thing in several frames -> "white" or "white and brown", and its share.

    `("", share)` where no colour is clear.
    """
    total: dict[str, float] = {}
    for pixels in boxes:
        for name, share in name_colours(pixels):
            total[name] = total.get(name, 0.0) + share / len(boxes)
    ranked = sorted(total.items(), key=lambda pair: -pair[1])
    (first, share), *rest = ranked
    shade = ("grey", "black")  # what lies in the shadow of a thing is not its second colour
    if (
        rest
        and rest[0][0] not in shade
        and rest[0][1] >= SECOND
        and share + rest[0][1] >= CLEAR + SECOND
    ):
        return f"{first} and {rest[0][0]}", share + rest[0][1]
    return (first, share) if share >= CLEAR else ("", share)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """(N, 3) uint8 -> (N, 3) float32 CIELAB (D65)."""
    return cv2.cvtColor(rgb[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def _prototypes() -> tuple[list[str], np.ndarray]:
    pairs = [(name, rgb) for name, group in PROTOTYPES.items() for rgb in group]
    return [name for name, _ in pairs], _lab(np.array([rgb for _, rgb in pairs], np.uint8))


def _towards_the_middle(side: int) -> np.ndarray:
    """(side * side,) weights of a Gaussian whose width is a quarter of the side."""
    at = (np.arange(side) + 0.5) / side - 0.5
    bell = np.exp(-0.5 * (at / 0.25) ** 2)
    return np.outer(bell, bell).ravel()
