"""Path -> frames at given seconds, as a bounded stream out of a worker that can be killed.

They come as FrameBatches.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from svqa.errors import UsageError, unknown_name
from svqa.media.films import open_film
from svqa.media.geometry import FITS, Size
from svqa.media.limits import Limits
from svqa.media.objects import is_object
from svqa.media.process import Worker
from svqa.media.sampling import Sampling
from svqa.records import FrameBatch

DECODERS = ("pyav", "decord")
_BATCH_BYTES = 64 << 20
_AHEAD = 2  # batches decoded while the caller works on one


def stream_frames(
    path: str | os.PathLike,
    sampling: Sampling | None = None,
    *,
    size_px: Size = 224,
    fit: str = "stretch",
    decoder: str = "pyav",
    start_s: float = 0.0,
    end_s: float | None = None,
    batch: int = 32,
    limits: Limits = Limits(),
) -> FrameStream:
    """-> an iterator of FrameBatch, decoded ahead in a worker, never held all at once.

    At most `batch` frames each.

    `sampling`: default `Sampling.every(0.5)`. The frame for second t is the last one presented at
    or before t, it carries its own presentation time from the first presented frame, and comes
    once. Only frames with `start_s <= t_s < end_s` come. `size_px`: one number (a square), (width,
    height), or None for the displayed size. Rotation and pixel aspect are applied first. `fit`:
    "stretch" shows the whole picture and gives up its aspect, "crop" fills the size and cuts what
    hangs over, "pad" shows the whole picture between black bars, "inside" keeps the aspect within
    the size without bars, "shrink" does so and leaves a smaller picture as it is. `decoder`:
    "pyav", or "decord" where it is installed (no AV1, no edit lists, no word about damaged
    frames).

    After exhaustion `.ended` is "complete" or "truncated", `.frames` counts what was delivered,
    `.damaged_spans_s` the seconds in which what is shown may be wrong or missing, `.declared_s` how
    long the video is by its own header, None where that does not say, `.unheard` how its sound is
    coded where none of it can be decoded. `.damaged_s` holds the times of damaged frames among
    those that have come, and `.damaged_spans_s` grows with them. Closing the stream (or leaving
    `with`) ends the worker.

    Raises VideoNotFound, NetworkRefused, NotAVideo, NoVideoStream, NoFrames, TooLarge,
    DecodeTimeout, DecodeCrashed, UsageError.

    >>> with stream_frames("kitchen.mp4", Sampling.every(1.0)) as frames:  # doctest: +SKIP
    ...     for batch in frames:
    ...         print(batch)
    """
    sampling = Sampling.every(0.5) if sampling is None else sampling
    end_s = None if end_s is None or np.isinf(end_s) else float(end_s)
    if not (np.isfinite(start_s) and start_s >= 0) or (end_s is not None and not end_s >= start_s):
        raise UsageError(
            f"Expected 0 <= start_s <= end_s in seconds, got start_s={start_s}, end_s={end_s}."
        )
    if decoder not in DECODERS:
        raise UsageError(unknown_name("decoder", decoder, DECODERS))
    if decoder == "decord" and is_object(path):
        raise UsageError("decord reads local files: give --decoder pyav for an object store.")
    if fit not in FITS:
        raise UsageError(unknown_name("fit", fit, FITS))
    if batch < 1:
        raise UsageError(f"batch must be at least 1 frame, got {batch}.")
    job = {
        "do": "frames",
        "name": os.fsdecode(path),
        "decoder": decoder,
        "mode": sampling.mode,
        "every_s": sampling.every_s,
        "times_s": sampling.times_s,
        "start_s": float(start_s),
        "end_s": end_s,
        "size_px": size_px,
        "fit": fit,
    }
    if decoder == "decord":
        job["facts"] = _facts(job, path, limits)
    return FrameStream(Worker(job, open_film(path), limits), batch)


def read_frames(
    path: str | os.PathLike, sampling: Sampling | None = None, **options: Any
) -> FrameBatch:
    """-> all chosen frames in one FrameBatch (options as in `stream_frames`).

    For few frames: nothing bounds the memory.
    """
    with stream_frames(path, sampling, **options) as stream:
        batches = list(stream)
    if not batches:
        return FrameBatch(
            np.zeros((0, stream.height_px, stream.width_px, 3), np.uint8), np.zeros(0)
        )
    return FrameBatch(
        np.concatenate([b.pixels for b in batches]), np.concatenate([b.t_s for b in batches])
    )


def _facts(job: dict, path: str | os.PathLike, limits: Limits) -> dict:
    """Let a file in with PyAV, in a process of its own, before decord opens it.

    decord has no allow-lists, and the libraries of the two clash in one process.
    """
    worker = Worker({**job, "do": "facts"}, open_film(path), limits)
    try:
        return worker.next_message()[0]
    finally:
        worker.close()


class FrameStream:
    """Iterator of FrameBatch from a worker; a context manager. Made by `stream_frames`."""

    def __init__(self, worker: Worker, batch: int):
        self._worker = worker
        try:
            head, _ = worker.next_message()
        except BaseException:
            worker.close()
            raise
        self.width_px, self.height_px = head["width_px"], head["height_px"]
        self.ended: str | None = None
        self.reason, self.frames = "", 0
        self.damaged_s: tuple[float, ...] = ()
        self.damaged_spans_s: tuple[tuple[float, float], ...] = ()
        self.declared_s: float | None = None
        self.unheard = ""
        self._batch = max(1, min(batch, _BATCH_BYTES // (3 * self.width_px * self.height_px)))
        self._queue: queue.Queue = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._done = False
        threading.Thread(
            target=_read_ahead,
            name="svqa-frames",
            daemon=True,
            args=(worker, self._queue, self._stop, (self._batch, self.height_px, self.width_px, 3)),
        ).start()

    def __iter__(self) -> Iterator[FrameBatch]:
        return self

    def __next__(self) -> FrameBatch:
        if self._done:
            raise StopIteration
        item = self._queue.get()
        if isinstance(item, tuple):
            batch, damaged_s, spans_s = item
            self.frames += len(batch)
            self.damaged_s += damaged_s
            self.damaged_spans_s = self.damaged_spans_s if spans_s is None else _spans(spans_s)
            return batch
        self._done = True
        self.close()
        if isinstance(item, BaseException):
            raise item
        self.ended, self.reason = item["ended"], item["reason"]
        self.damaged_spans_s = _spans(item["damaged_spans_s"])
        self.declared_s, self.unheard = item["declared_s"], item["unheard"]
        raise StopIteration

    def close(self) -> None:
        """End the worker; safe to call again."""
        self._done = True
        self._stop.set()
        self._worker.close()

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_stop"):
            self.close()


def _read_ahead(
    worker: Worker, out: queue.Queue, stop: threading.Event, shape: tuple[int, ...]
) -> None:
    """Runs in its own thread: fills batches straight from the pipe.

    Then leaves the "end" message or the error.
    """
    last: dict | BaseException | None = None
    try:
        while last is None:
            batch, damaged_s, spans_s, last = _read_batch(worker, shape)
            if len(batch):
                _put(out, (batch, damaged_s, spans_s), stop)
    except BaseException as error:
        last = error
    _put(out, last, stop)


def _read_batch(
    worker: Worker, shape: tuple[int, ...]
) -> tuple[FrameBatch, tuple[float, ...], list | None, dict | None]:
    """-> frames, the times of the damaged ones, where the file is damaged so far if there is news.

    And what was said after the last one.
    """
    pixels = np.empty(shape, np.uint8)
    times: list[float] = []
    damaged_s: list[float] = []
    spans_s: list | None = None
    last: dict | None = None
    while len(times) < shape[0]:
        head, _ = worker.next_message(lambda head, size: memoryview(pixels[len(times)]).cast("B"))
        if head["kind"] == "end":
            last = head
            break
        times.append(head["t_s"])
        damaged_s += [head["t_s"]] if head["damaged"] else []
        spans_s = head.get("damaged_spans_s", spans_s)
    return FrameBatch(pixels[: len(times)], np.array(times)), tuple(damaged_s), spans_s, last


def _spans(rows: list) -> tuple[tuple[float, float], ...]:
    return tuple((a, b) for a, b in rows)


def _put(out: queue.Queue, item: object, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            return out.put(item, timeout=0.2)
        except queue.Full:
            continue
