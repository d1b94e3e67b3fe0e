"""Picture -> its lines of text: PP-OCRv6 (PaddleOCR) in ONNX, through RapidOCR.

Detection and recognition come with the package `rapidocr` and are checked before they are read.
Upright text only: the classifier that turns pictures over is left out, it costs time and turns
what is right.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import WeightsMissing
from svqa.models.base import TextReader
from svqa.models.weights import verified
from svqa.records import TextLine

LONGEST_PX = 960  # of the picture given to detection; finer text is read from a crop of it


class RapidOcrReader(TextReader):
    """Lines of printed text, Latin script and Chinese, with their boxes.

    >>> RapidOcrReader.from_pretrained().read(np.zeros((120, 160, 3), np.uint8))
    []
    """

    model_id = "pp-ocrv6-small@1"

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
        """From the installed package `rapidocr`; nothing is downloaded.

        Raises WeightsMissing (says what to install) and WeightsCorrupt.
        """
        files = verified("pp-ocrv6-small")
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise WeightsMissing(
                f"Reading text needs the package rapidocr ({error}). Run: pip install rapidocr"
            ) from error
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        threads = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Global.max_side_len": LONGEST_PX,
                "Det.model_path": str(files["PP-OCRv6_det_small.onnx"]),
                "Rec.model_path": str(files["PP-OCRv6_rec_small.onnx"]),
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        return cls(engine)

    def read(self, pixels: np.ndarray) -> list[TextLine]:
        """(H, W, 3) uint8 RGB -> its lines; `score` is the recognition's own, 0 to 1."""
        height, width, _ = pixels.shape
        found = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]), use_cls=False)
        if found.boxes is None or not found.txts:
            return []
        lines = []
        for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            box = (*np.clip(low, 0, (width, height)), *np.clip(high, 0, (width, height)))
            if text.strip() and box[2] > box[0] and box[3] > box[1]:
                x0, y0, x1, y1 = map(float, box)
                lines.append(TextLine(text.strip(), min(1.0, float(score)), (x0, y0, x1, y1)))
        return lines
