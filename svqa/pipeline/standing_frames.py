"""Sampled frames -> scenes without a gap: a picture stands until the next one is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from svqa.records import FrameBatch, Segment

SAME_S = 1e-6
MOST_HELD_S = 6 * 3600.0  # a longer pause between two pictures is a broken clock


@dataclass(frozen=True, eq=False)
class Scene:
    """The frames first shown in `[start_s, end_s)`: none where the one before stands throughout.

    `next_s`: when the next frame after them is shown, or where the video ends.
    """

    start_s: float
    end_s: float
    frames: FrameBatch
    next_s: float
    last: bool


def scenes_of(
    batches: Iterator[FrameBatch],
    length_s: float,
    end_of: Callable[[float], float],
    *,
    first: int = 0,
    last_s: float | None = None,
) -> Iterator[Scene]:
    """Yield scene after scene from number `first` on, to the end of the video.

    `end_of`: the time of the last frame -> where the video ends. `last_s`: when the last frame
    before scene `first` is shown.
    """
    held: list[FrameBatch] = []
    index, shape = first, (0, 1, 1, 3)
    last_s = first * length_s if last_s is None else last_s

    def scene(number: int, next_s: float, end_s: float | None = None) -> Scene:
        frames = FrameBatch(np.zeros(shape, np.uint8), np.zeros(0))
        frames = join(held) if held else frames
        ends_s = (number + 1) * length_s if end_s is None else end_s
        return Scene(number * length_s, ends_s, frames, next_s, end_s is not None)

    for batch in batches:
        numbers = ((batch.t_s + SAME_S) // length_s).astype(int)
        for number in np.unique(numbers).tolist():
            part = batch[numbers == number]
            shape = (0, *part.pixels.shape[1:])
            next_s = float(part.t_s[0])
            while index < number and next_s - last_s <= MOST_HELD_S:
                yield scene(index, next_s)
                held, index = [], index + 1
            if index < number:
                if held:
                    yield scene(index, last_s + MOST_HELD_S)
                held, index = [], number
            held.append(part)
            last_s = float(part.t_s[-1])
    end_s = end_of(last_s)
    if not held and end_s <= index * length_s + SAME_S:
        return
    while (index + 1) * length_s < end_s - SAME_S:
        yield scene(index, end_s)
        held, index = [], index + 1
    yield scene(index, end_s, end_s)


def fill(
    frames: FrameBatch, standing: FrameBatch | None, segments: Sequence[Segment]
) -> tuple[FrameBatch, np.ndarray]:
    """-> the frames, and at the start of each segment without one the frame that stands then.

    Also which frame each of them is, -1 for `standing`: the last one before the first segment.
    """
    times, rows = list(frames.t_s), list(range(len(frames)))
    for segment in segments:
        inside = (frames.t_s >= segment.start_s - SAME_S) & (frames.t_s < segment.end_s - SAME_S)
        before = int(np.searchsorted(frames.t_s, segment.start_s - SAME_S)) - 1
        if not inside.any() and (before >= 0 or standing is not None):
            times.append(segment.start_s)
            rows.append(before)
    order = np.argsort(times, kind="stable")
    at, chosen = np.array(times, dtype=np.float64)[order], np.array(rows, dtype=int)[order]
    if len(chosen) == len(frames):
        return frames, chosen
    pictures = [batch.pixels for batch in (frames, standing) if batch is not None and len(batch)]
    return FrameBatch(np.concatenate(pictures)[chosen], at), chosen


def needs_standing(scene: Scene, segments: Sequence[Segment]) -> bool:
    """Whether a segment begins, and holds no frame, before the scene's first one."""
    first_s = scene.frames.t_s[0] if len(scene.frames) else np.inf
    return bool(segments) and first_s >= segments[0].end_s - SAME_S


def join(batches: list[FrameBatch]) -> FrameBatch:
    """Batches that follow each other -> one.

    The list is emptied on the way, so that no picture is held twice for long.
    """
    t_s = np.concatenate([b.t_s for b in batches])
    pixels, done = np.empty((len(t_s), *batches[0].pixels.shape[1:]), np.uint8), 0
    while batches:
        part = batches.pop(0).pixels
        pixels[done : done + len(part)] = part
        done += len(part)
    return FrameBatch(pixels, t_s)
