"""Pixels of a box -> basic colour terms with the share of the box that each covers; no network.

The eleven basic terms are those of Berlin and Kay 1969. As in van de Weijer et al. 2009 ("Learning
color names for real-world applications") every pixel is named by a table over 32 x 32 x 32 bins of
RGB. The table is made here, not learnt: a bin gets the term of the nearest named colour in CIELAB,
out of some six hundred that two hundred thousand people named on their screens (the colour survey
of xkcd, Monroe 2010, CC0, as matplotlib carries it). Whether a neutral one is black, grey or white
follows the lightness at which ISCC-NBS parts them (Kelly and Judd 1976: Munsell values 2.5 and
8.5), against the lightest of the whole frame: a white car on a dull day is white.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

COLOUR_TERMS = tuple("black white grey red orange yellow green blue purple pink brown".split())
NEUTRAL = ("black", "white", "grey")
# names of the survey that are no basic term, and the one they are a shade of in a dictionary
SHADES = {
    shade: term
    for term, shades in {
        "red": "maroon burgundy wine crimson scarlet",
        "blue": "navy azure cyan",
        "purple": "violet lavender lilac mauve plum indigo",
        "green": "olive lime mint",
        "brown": "tan beige khaki chocolate",
        "pink": "magenta salmon rose",
        "yellow": "gold mustard",
        "white": "cream ivory",
        "grey": "silver charcoal slate",
    }.items()
    for shade in shades.split()
}
BINS = 32
BLACK_BELOW, WHITE_FROM = 25.6, 85.2  # CIELAB lightness of Munsell values 2.5 and 8.5
NEUTRAL_CHROMA = 6.0  # of CIELAB, about one of Munsell's
LIGHTEST_PERCENT = 95.0  # of a frame's pixels are darker than what counts as its white
DARKEST_WHITE = 0.18  # of linear light: a darker frame is not made brighter than that
CENTRE = 0.6  # half axes of the ellipse in the middle of a box, as a share of its own
BORDER = 0.08  # of a box's width and height: what mostly shows the background
BACKGROUND = 0.5  # how much of what the border shows is taken off the centre
CLEAR_SHARE = 0.5  # below it no term is named: chosen on 83 boxes, docs/offline-models.md
LEAST_SHARE = 0.3  # of a term that is named beside the first
SMALLEST_PX, LARGEST_PX = 4, 96


def name_colours(pixels: np.ndarray, *, frame: np.ndarray | None = None) -> list[tuple[str, float]]:
    """(H, W, 3) uint8 RGB of a box -> its one or two colours with their shares, largest first.

    Shares are of the box's middle, without what its border shows. `frame`: the whole picture, whose
    lightest parts say what white is; without it pixels are taken as they are. Empty where no term
    covers half, or the box is smaller than 4 x 4 px.

    >>> name_colours(np.full((20, 20, 3), (200, 30, 40), np.uint8))
    [('red', 1.0)]
    """
    return clear_colours(colour_shares(pixels, frame=frame))


def clear_colours(shares: np.ndarray) -> list[tuple[str, float]]:
    """(11,) shares, or the mean over boxes of one thing -> those that are clear, or none."""
    if shares.max(initial=0.0) < CLEAR_SHARE:
        return []
    order = np.argsort(-shares, kind="stable")
    return [(COLOUR_TERMS[i], float(shares[i])) for i in order if shares[i] >= LEAST_SHARE]


def colour_shares(pixels: np.ndarray, *, frame: np.ndarray | None = None) -> np.ndarray:
    """-> (11,) float64, the share of each of `COLOUR_TERMS`; they sum to 1, or 0 for a tiny box."""
    if min(pixels.shape[:2]) < SMALLEST_PX:
        return np.zeros(len(COLOUR_TERMS))
    step = -(-max(pixels.shape[:2]) // LARGEST_PX)
    pixels = pixels[::step, ::step]
    terms = _terms_of(pixels, 1.0 if frame is None else _white_of(frame))
    height, width = terms.shape
    y = (np.arange(height)[:, None] + 0.5) / height * 2 - 1
    x = (np.arange(width)[None, :] + 0.5) / width * 2 - 1
    middle = x**2 + y**2 <= CENTRE**2
    border = (np.abs(x) > 1 - 2 * BORDER) | (np.abs(y) > 1 - 2 * BORDER)
    shares = _shares(terms[middle]) - BACKGROUND * _shares(terms[border])
    shares = np.maximum(shares, 0.0)
    return shares / max(shares.sum(), 1e-9)


def surface_shares(pixels: np.ndarray, *, frame: np.ndarray | None = None) -> np.ndarray:
    """-> (11,) the share of each term in all of a box: what its letters stand on covers most.

    >>> COLOUR_TERMS[surface_shares(np.full((20, 20, 3), (200, 30, 40), np.uint8)).argmax()]
    'red'
    """
    if min(pixels.shape[:2], default=0) < SMALLEST_PX:
        return np.zeros(len(COLOUR_TERMS))
    return _shares(_terms_of(pixels, 1.0 if frame is None else _white_of(frame)).ravel())


def _shares(terms: np.ndarray) -> np.ndarray:
    return np.bincount(terms, minlength=len(COLOUR_TERMS)) / max(len(terms), 1)


def _terms_of(pixels: np.ndarray, white: float) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W), the number of each pixel's term, lit as if `white` were 1."""
    values = np.clip(_linear(np.arange(256) / 255) / white, 0, 1)
    bins = np.minimum(_encoded(values) * BINS, BINS - 1).astype(int)[pixels]
    return _table()[bins[..., 0], bins[..., 1], bins[..., 2]]


def _white_of(frame: np.ndarray) -> float:
    """The luminance of a frame's lightest parts, in linear light, 0.18 to 1."""
    step = -(-max(frame.shape[:2]) // (2 * LARGEST_PX))
    grey = _linear(frame[::step, ::step] / 255) @ np.array([0.2126, 0.7152, 0.0722])
    return float(max(np.percentile(grey, LIGHTEST_PERCENT), DARKEST_WHITE))


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    """(32, 32, 32) the number of the term of each bin of RGB."""
    from matplotlib.colors import XKCD_COLORS, to_rgb
    from scipy.spatial import cKDTree

    named = [(term, to_rgb(code)) for name, code in XKCD_COLORS.items() if (term := _term(name))]
    numbers = np.array([COLOUR_TERMS.index(term) for term, _ in named])
    middles = (np.arange(BINS) + 0.5) / BINS
    bins = _lab(np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), axis=-1))
    terms = numbers[cKDTree(_lab(np.array([rgb for _, rgb in named]))).query(bins)[1]]
    lightness, chroma = bins[:, 0], np.hypot(bins[:, 1], bins[:, 2])
    neutral = np.isin(terms, [COLOUR_TERMS.index(term) for term in NEUTRAL]) | (
        chroma < NEUTRAL_CHROMA
    )
    by_lightness = np.where(lightness < BLACK_BELOW, 0, np.where(lightness >= WHITE_FROM, 1, 2))
    terms = np.where(neutral, by_lightness, terms)
    return terms.reshape(BINS, BINS, BINS)


def _term(name: str) -> str | None:
    """`xkcd:dark grey blue` -> `blue`: what its last word is, or is a shade of."""
    last = name.removeprefix("xkcd:").replace("gray", "grey").replace("/", " ").split()[-1]
    return last if last in COLOUR_TERMS else SHADES.get(last)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """(..., 3) of sRGB in [0, 1] -> (N, 3) of CIELAB."""
    return cv2.cvtColor(rgb.reshape(1, -1, 3).astype(np.float32), cv2.COLOR_RGB2LAB)[0]


def _linear(values: np.ndarray) -> np.ndarray:
    """The sRGB curve (IEC 61966-2-1), from what is stored to the light it stands for."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
