"""Path -> mono waveform at 16 kHz on the video's clock, whole or in blocks."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing

import numpy as np

from svqa.errors import TooLarge, UsageError
from svqa.media.films import open_film
from svqa.media.limits import Limits
from svqa.media.process import Worker
from svqa.records import Waveform

MOST_BYTES = 2 << 30  # of one waveform
_SAMPLE_BYTES = 4


def read_audio(
    path: str | os.PathLike,
    *,
    rate_hz: int = 16000,
    start_s: float = 0.0,
    end_s: float | None = None,
    limits: Limits = Limits(),
) -> Waveform | None:
    """-> the sound of `[start_s, end_s)` as one waveform; None where the file has no sound stream.

    Second 0 is the first presented frame of the video: sound before it is cut, sound that begins
    later has a `start_s` above 0, gaps are silence. 230 MB an hour at 16 kHz; `stream_audio` holds
    one block at a time.

    Raises VideoNotFound, NetworkRefused, NotAVideo, DecodeTimeout, DecodeCrashed, and TooLarge
    where that would be more than 2 GiB: nine hours, or a gap in the sound's times of that length.
    """
    worker = _open_sound(path, rate_hz, start_s, end_s, limits)
    if worker is None:
        return None
    blocks: list[Waveform] = []
    with closing(_blocks(worker, rate_hz, MOST_BYTES // (8 * _SAMPLE_BYTES))) as pieces:
        for block in pieces:
            blocks.append(block)
            _check_size(path, block.start_s + block.duration_s - blocks[0].start_s, rate_hz)
    if not blocks:
        return Waveform(np.zeros(0, np.float32), rate_hz, start_s)
    begin = round(blocks[0].start_s * rate_hz)
    ends = [round(b.start_s * rate_hz) - begin + len(b.samples) for b in blocks]
    samples = np.zeros(ends[-1], np.float32)
    for block, end in zip(blocks, ends, strict=True):
        samples[end - len(block.samples) : end] = block.samples
    return Waveform(samples, rate_hz, blocks[0].start_s)


def stream_audio(
    path: str | os.PathLike,
    block_s: float = 300.0,
    *,
    rate_hz: int = 16000,
    start_s: float = 0.0,
    end_s: float | None = None,
    limits: Limits = Limits(),
) -> Iterator[Waveform]:
    """Yield the sound in order, in waveforms of at most `block_s` seconds.

    A gap in the sound begins a new one.

    No sound stream yields nothing. Closing the iterator ends the worker. Raises as `read_audio`.
    """
    if not block_s > 0:
        raise UsageError(f"block_s must be above 0 seconds, got {block_s}.")
    worker = _open_sound(path, rate_hz, start_s, end_s, limits)
    if worker is not None:
        yield from _blocks(worker, rate_hz, max(1, round(block_s * rate_hz)))


def _check_size(path: str | os.PathLike, length_s: float, rate_hz: int) -> None:
    """Raises TooLarge before memory is taken for silence that only the file's times tell of."""
    if length_s * rate_hz * _SAMPLE_BYTES > MOST_BYTES:
        raise TooLarge(
            f"the sound of '{os.fsdecode(path)}' reaches over {length_s / 3600:,.1f} hours by its "
            f"own times: more than {MOST_BYTES >> 20} MiB. Read a part of it (start_s, end_s), or "
            "block by block with stream_audio."
        )


def _open_sound(
    path: str | os.PathLike, rate_hz: int, start_s: float, end_s: float | None, limits: Limits
) -> Worker | None:
    if rate_hz < 1 or start_s < 0 or (end_s is not None and end_s < start_s):
        raise UsageError(
            f"Expected rate_hz >= 1 and 0 <= start_s <= end_s, got {rate_hz} Hz, "
            f"[{start_s}, {end_s})."
        )
    job = {
        "do": "sound",
        "name": os.fsdecode(path),
        "rate_hz": int(rate_hz),
        "start_s": float(start_s),
        "end_s": None if end_s is None or np.isinf(end_s) else float(end_s),
    }
    worker = Worker(job, open_film(path), limits)
    head, _ = worker.next_message()
    if head["has_sound"]:
        return worker
    worker.close()
    return None


def _blocks(worker: Worker, rate_hz: int, block_samples: int) -> Generator[Waveform]:
    """Join pieces that follow each other without a gap into blocks of `block_samples`."""
    parts: list[np.ndarray] = []
    begin = held = 0
    try:
        while True:
            head, payload = worker.next_message()
            samples = np.frombuffer(payload, "<f4").clip(-1, 1)
            if parts and (head["kind"] == "end" or head["index"] != begin + held):
                yield Waveform(np.concatenate(parts), rate_hz, begin / rate_hz)
                parts, held = [], 0
            if head["kind"] == "end":
                return
            begin = begin if parts else head["index"]
            parts.append(samples)
            held += len(samples)
            while held >= block_samples:
                joined = np.concatenate(parts)
                yield Waveform(joined[:block_samples], rate_hz, begin / rate_hz)
                parts = [joined[block_samples:]]
                begin, held = begin + block_samples, held - block_samples
            parts = parts if held else []
    finally:
        worker.close()
