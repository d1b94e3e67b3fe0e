"""Picture file -> upright RGB pixels of 8 bits, or an error that says why it is not one."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from svqa.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 100_000_000  # 300 MB as RGB; asked of the header, before memory is taken
WHITE_16 = 65535
# formats whose reader scales every grey picture of more than 8 bits to 16
_SCALED_TO_16 = ("PNG", "PPM", "JPEG2000")


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """-> `(H, W, 3) uint8` RGB, turned as its EXIF says; of an animation the first picture.

    All of it is decoded: a picture cut short is refused, not filled up. Raises UsageError, which
    names the file, for what is no picture, is damaged, has more than 100 megapixels, or has values
    of which a file does not say how much is white (floats, 32 bits).
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"no such picture: {path}")
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd tags
            with Image.open(path) as picture:
                _check_size(picture, str(path))
                ImageOps.exif_transpose(picture, in_place=True)
                return picture_pixels(picture, str(path))
    except UsageError:
        raise
    except Image.DecompressionBombError:
        raise UsageError(_too_large(str(path))) from None
    except Exception as error:  # a damaged file makes a reader fail in any way
        why = "" if isinstance(error, Image.UnidentifiedImageError) else f": {error}"
        raise UsageError(f"{path} is not a picture that can be read{why}") from error


def picture_pixels(picture: Image, name: str = "the picture") -> np.ndarray:
    """A PIL image -> `(H, W, 3) uint8` RGB. Raises UsageError as `read_picture`."""
    mode = picture.mode
    if mode.startswith("I;16") or (mode == "I" and picture.format in _SCALED_TO_16):
        grey = np.asarray(picture).astype(np.float64)
        if 0 < grey.max() < WHITE_16 / 16:
            raise UsageError(
                f"{name} has 16 bits, of which only the lowest {int(grey.max()).bit_length()} are "
                "used: it would be black. Save it with 8 bits, stretched from black to white"
            )
        grey = np.round(grey * (255 / WHITE_16)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if mode in ("I", "F"):
        kind = "32-bit numbers" if mode == "I" else "floats"
        raise UsageError(
            f"{name} holds {kind}, and nothing says which of them is white. Save it with 8 bits"
        )
    return np.array(picture.convert("RGB"))


def picture_sha256(path: str | os.PathLike) -> str:
    """-> the SHA-256 of a picture's file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_size(picture: Image, name: str) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UsageError(f"{_too_large(name)}: {width} x {height}")


def _too_large(name: str) -> str:
    return f"{name} is larger than the {MOST_PIXELS // 1_000_000} megapixels that are read"
