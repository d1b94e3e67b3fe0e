"""Frames already decoded -> shots, with PySceneDetect's detectors or TransNetV2; no second decode.

A shot begins at the time of its first frame, so cuts are as exact as the frames are dense: at two
frames a second within half a second, at the native rate to the frame.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, cast

from svqa.errors import UsageError, unknown_name
from svqa.media.shot_finder import MIN_SHOT_S, ShotFinder
from svqa.media.transnet import TransNetFinder
from svqa.records import FrameBatch, Segment

METHODS = ("adaptive", "content", "transnet")
_MICROSECOND = Fraction(1, 1_000_000)
_import_lock = threading.Lock()


def open_shot_finder(
    method: str = "adaptive", *, threshold: float | None = None, min_shot_s: float = MIN_SHOT_S
) -> ShotFinder:
    """-> a finder to `feed` batches in order and then `finish`.

    "adaptive" compares a frame's change with its neighbours' (a moving camera is no cut), "content"
    with a fixed number; both are PySceneDetect's (https://www.scenedetect.com) and take frames at
    any rate, better ones at a higher. "transnet" is TransNetV2 (Souček and Lokoč 2020,
    arXiv:2008.04838); it also sees dissolves, and was trained on every frame: feed it
    `Sampling.native()` at `size_px=(48, 27)`. `threshold`: higher finds fewer cuts (default 3.0,
    27.0, 0.5).

    Raises UsageError for an unknown method, WeightsMissing and WeightsCorrupt for "transnet".
    """
    if method not in METHODS:
        raise UsageError(unknown_name("shot method", method, METHODS))
    if method == "transnet":
        return TransNetFinder(
            threshold=0.5 if threshold is None else threshold, min_shot_s=min_shot_s
        )
    return _SceneDetectFinder(method, threshold, min_shot_s)


def shots(
    batches: FrameBatch | Iterable[FrameBatch],
    method: str = "adaptive",
    *,
    duration_s: float | None = None,
    threshold: float | None = None,
    min_shot_s: float = MIN_SHOT_S,
) -> list[Segment]:
    """-> shots that cover `[0, duration_s)` without gaps, as `Segment(level="shot")`.

    Options as `open_shot_finder`.

    >>> shots(read_frames("kitchen.mp4", Sampling.native()))   # doctest: +SKIP
    [Segment(shot 0:00.0-0:04.2), Segment(shot 0:04.2-0:09.8)]
    """
    finder = open_shot_finder(method, threshold=threshold, min_shot_s=min_shot_s)
    for batch in [batches] if isinstance(batches, FrameBatch) else batches:
        finder.feed(batch)
    return finder.finish(duration_s)


class _SceneDetectFinder(ShotFinder):
    def __init__(self, method: str, threshold: float | None, min_shot_s: float):
        super().__init__(min_shot_s)
        with _without_decoders():
            from scenedetect.common import FrameTimecode, Timecode
            from scenedetect.detectors import AdaptiveDetector, ContentDetector
        if method == "adaptive":
            options = {} if threshold is None else {"adaptive_threshold": threshold}
            self._detector = AdaptiveDetector(min_scene_len=float(min_shot_s), **options)
        else:
            options = {} if threshold is None else {"threshold": threshold}
            self._detector = ContentDetector(min_scene_len=float(min_shot_s), **options)
        self._timecode = lambda t_s: FrameTimecode(
            Timecode(round(t_s / _MICROSECOND), _MICROSECOND), fps=25.0
        )
        self._found: list[float] = []

    def _look(self, batch: FrameBatch) -> None:
        for pixels, t_s in zip(batch.pixels, batch.t_s, strict=True):
            bgr = pixels[:, :, ::-1]
            self._note(self._detector.process_frame(self._timecode(float(t_s)), bgr))

    def _cuts(self) -> list[float]:
        self._note(self._detector.post_process(self._timecode(self._last_s)))
        return self._found

    def _note(self, timecodes: Iterable[Any]) -> None:
        self._found.extend(t.seconds for t in timecodes if math.isfinite(t.seconds))


@contextmanager
def _without_decoders() -> Iterator[None]:
    """PySceneDetect imports PyAV for its own readers where it can.

    Here frames come from the worker, and PyAV stays there.
    """
    with _import_lock:
        hide = "av" not in sys.modules
        if hide:
            # makes `import av` an ImportError, which PySceneDetect expects
            cast(dict[str, Any], sys.modules)["av"] = None
        try:
            yield
        finally:
            if hide:
                del sys.modules["av"]
