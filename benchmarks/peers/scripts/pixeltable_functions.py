"""What Pixeltable computes a vector with; it takes functions from named modules only."""

from __future__ import annotations

import numpy as np
import pixeltable as pxt

from svqa.models.conse import ConseEncoder

ENCODER = ConseEncoder.from_pretrained()


def embed(frame):
    """A picture -> its vector, as svqa makes it of a frame."""
    pixels = np.asarray(frame.convert("RGB").resize((640, 360)))
    return ENCODER.encode_frames(pixels[None])[0]


def embed_text(text):
    """Words -> their vector, in the space of the pictures."""
    return ENCODER.encode_text([text])[0]


# it reads the annotations when it is told of the function, so they have to be there as types
embed.__annotations__ = {"frame": pxt.Image, "return": pxt.Array[(384,), pxt.Float]}
embed_text.__annotations__ = {"text": pxt.String, "return": pxt.Array[(384,), pxt.Float]}
embed, embed_text = pxt.udf(embed), pxt.udf(embed_text)
