"""Pictures with known words on them, as a slide or a caption shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def slide(
    lines: Sequence[str],
    *,
    size_px: tuple[int, int] = (640, 360),
    letters_px: int = 24,
    left_top_px: tuple[int, int] = (40, 30),
) -> np.ndarray:
    """(H, W, 3) uint8: dark words on a light ground, a line below the other."""
    picture = Image.new("RGB", size_px, (244, 244, 240))
    draw, font = ImageDraw.Draw(picture), ImageFont.truetype(str(FONT), letters_px)
    left, top = left_top_px
    for number, line in enumerate(lines):
        draw.text((left, top + number * 2 * letters_px), line, font=font, fill=(20, 20, 40))
    return np.array(picture)


def write_slides(path: Path, lines: Sequence[str], *, seconds: int = 4) -> Path:
    """A film that shows one slide."""
    import av

    frame = av.VideoFrame.from_ndarray(slide(lines))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
        for _ in range(10 * seconds):
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path
