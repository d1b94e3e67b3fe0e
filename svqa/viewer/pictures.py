"""Seconds of a film -> small JPEG pictures of them, as bytes or as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from svqa.errors import SvqaError
from svqa.media import Sampling, is_object, read_frames

WIDTH_PX, QUALITY = 320, 74


def pictures_at(path: str | Path, times_s: Iterable[float]) -> dict[float, bytes]:
    """-> a JPEG of each second that can be read; none where the film is gone or damaged."""
    wanted = sorted(set(times_s))
    if not wanted or not (is_object(path) or Path(path).is_file()):
        return {}
    try:
        frames = read_frames(path, Sampling.at(wanted), size_px=WIDTH_PX, fit="shrink")
    except SvqaError:
        return {}
    if not len(frames.t_s):
        return {}
    nearest = {t: int(np.abs(frames.t_s - t).argmin()) for t in wanted}
    return {t: jpeg(frames.pixels[i]) for t, i in nearest.items()}


def jpeg(pixels: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB -> the bytes of a JPEG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def data_uri(data: bytes, kind: str = "image/jpeg") -> str:
    """Bytes -> a URI that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
