"""Picture -> lines of text: PP-OCRv6 small (PaddleOCR) through RapidOCR and onnxruntime.

Text is found with DB (Liao et al. 2020, arXiv:1911.08947) in the picture scaled down to 960 px,
which takes a third of the time and loses no line that can be read; its letters are read from the
picture's own pixels. Both networks come inside the package `rapidocr` and are checked before they
are opened; nothing is downloaded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import ModelError, UsageError
from svqa.models.base import TextReader
from svqa.models.weights import verified
from svqa.records import TextLine

DETECTION_PX = 960  # the longer side, at most
MIN_SCORE = 0.85  # below it lines are more often texture than text: docs/offline-models.md, "Text"
MIN_CHARACTERS = 2  # a lone sign is more often a thing that looks like a letter
SMALLEST_PX = 8  # a picture with less than this on a side holds no text


class RapidOcrReader(TextReader):
    """Latin letters, digits and Chinese, upright or a little turned; a line as it stands.

    >>> RapidOcrReader.from_pretrained().read(np.zeros((90, 160, 3), np.uint8))
    []
    """

    model_id = "pp-ocrv6-small@1"
    devices = ("cpu",)

    def __init__(self, engine: Any):
        self._engine = engine

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> RapidOcrReader:
        """From the installed package, or a folder with the same files.

        Uses as many threads as `OMP_NUM_THREADS` says, else one of two cores, two of four or more:
        in an ingest others work beside it. Raises WeightsMissing, WeightsCorrupt, ModelError where
        `rapidocr` cannot be imported, UsageError for a device.
        """
        if str(device) != "cpu" or dtype is not None:
            raise UsageError(
                f"Text is read on the CPU in float32, got device {device!r}, dtype {dtype!r}."
            )
        files = verified("pp-ocrv6-small", path_or_id)
        try:
            rapid_ocr = _import_quietly()
        except ImportError as error:
            raise ModelError(
                f"rapidocr cannot be imported: {error}. Run: pip install rapidocr"
            ) from error
        some = max(1, min(4, os.cpu_count() or 1) // 2)
        threads = int(os.environ.get("OMP_NUM_THREADS") or some)
        return cls(
            rapid_ocr(
                params={
                    "Global.log_level": "critical",
                    "Global.text_score": 0.0,
                    "Det.model_path": str(files["PP-OCRv6_det_small.onnx"]),
                    "Det.limit_type": "max",
                    "Det.limit_side_len": DETECTION_PX,
                    "Rec.model_path": str(files["PP-OCRv6_rec_small.onnx"]),
                    "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
        )

    def read(self, pixels: np.ndarray, *, min_score: float = MIN_SCORE) -> list[TextLine]:
        """(H, W, 3) uint8 RGB -> lines from top to bottom, boxes in pixels of this picture.

        `score` is the mean probability of the letters. Lines below `min_score`, and single signs,
        are left out.
        """
        if min(pixels.shape[:2]) < SMALLEST_PX:
            return []
        found = self._engine(_bgr(pixels), use_det=True, use_cls=False, use_rec=True)
        if found.txts is None:
            return []
        rows = zip(found.txts, found.scores, _boxes(found.boxes, pixels), strict=True)
        return [
            TextLine(text.strip(), min(1.0, float(score)), box)
            for text, score, box in rows
            if score >= min_score and sum(map(str.isalnum, text)) >= MIN_CHARACTERS
        ]


def _import_quietly() -> Any:
    """`rapidocr` can download, so it imports urllib3, which opens a socket to see whether it may.

    Nothing here asks it to: it is told to take IPv6 for granted.
    """
    import socket

    has_ipv6, socket.has_ipv6 = socket.has_ipv6, False
    try:
        from rapidocr import RapidOCR
    finally:
        socket.has_ipv6 = has_ipv6
        if connection := sys.modules.get("urllib3.util.connection"):
            setattr(connection, "HAS_IPV6", has_ipv6)  # noqa: B010, mypy knows no such name
    return RapidOCR


def _bgr(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels[..., ::-1])


def _boxes(quads: np.ndarray, pixels: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Corners (N, 4, 2) -> upright boxes around them, inside the picture, at least a pixel wide."""
    height, width = pixels.shape[:2]
    lows = np.clip(np.min(quads, axis=1), 0, [width - 1, height - 1])
    highs = np.clip(np.max(quads, axis=1), lows + 1, [width, height])
    return [
        (float(x0), float(y0), float(x1), float(y1))
        for (x0, y0), (x1, y1) in zip(lows, highs, strict=True)
    ]
