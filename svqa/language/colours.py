"""The words for colours: one list for captions, names of tracks and the small world.

The eleven basic colour terms of English (Berlin and Kay 1969), grey in both spellings; and the
words that captions use beside them for hair, metal and cloth.
"""

from __future__ import annotations

BASIC_COLOURS = frozenset(
    "black white red green yellow blue brown purple pink orange grey gray".split()
)
COLOUR_WORDS = BASIC_COLOURS | frozenset("golden silver beige blond blonde tan".split())
