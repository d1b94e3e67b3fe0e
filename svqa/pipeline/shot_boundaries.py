"""Frames, a chunk at a time -> cuts between shots.

The same however the video was divided into chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from svqa.media import Sampling, open_shot_finder, shots, stream_frames
from svqa.media.geometry import fit_frame
from svqa.records import FrameBatch, Segment

SIDE_PX = 224  # of the squares in which cuts are looked for; the threshold was found in these
MARGIN = 6  # frames on either side of a cut that its detector may look at
# sparse frames differ more from their neighbours than every frame does (notebook 01)
THRESHOLD = {"adaptive": 2.0}


class ShotBoundaryFinder:
    """Feed the chunks of one video in order; each call gives the cuts that are settled by now.

    A cut within the last `MARGIN` frames of a chunk waits for the next chunk, so every cut is
    judged with its full surroundings; `likely_s` has it at once. After a crash, `remember` the
    frames before the first new chunk (`context_frames` of them) and go on.

    A cut lies between two looks, so it is put halfway; where no frame came between looks that are
    `every_s` apart, a picture was held, and the next one begins at its own time.
    """

    context_frames = 2 * MARGIN

    def __init__(self, method: str, every_s: float = 0.5):
        self.method, self.every_s = method, every_s
        self.tail: FrameBatch | None = None
        self.likely_s: list[float] = []  # all cuts in the last chunk, as far as it shows them

    def remember(self, frames: FrameBatch) -> None:
        """Frames already judged, kept as the surroundings of what follows."""
        if len(frames):
            self.tail = self._with_tail(frames)[-self.context_frames :]

    def find(self, frames: FrameBatch, *, last: bool) -> list[Segment]:
        """-> marks: `shot` segments of no length, at the first frame of each new shot."""
        self.likely_s = []
        if self.method in ("none", "transnet"):
            return []
        seen = self._with_tail(frames)
        if not len(seen) or not (len(frames) or last):  # one picture stands: nothing to settle
            return []
        settled_s = -np.inf if self.tail is None else self.tail.t_s[-MARGIN:][0]
        settles_s = np.inf if last else seen.t_s[-MARGIN:][0]
        finder = open_shot_finder(self.method, threshold=THRESHOLD.get(self.method))
        finder.feed(seen)
        found = finder.finish(float(seen.t_s[-1]) + 1e-3)
        self.tail = seen[-self.context_frames :]
        if len(frames):
            later = [s.start_s for s in found[1:] if s.start_s > frames.t_s[0]]
            self.likely_s = [self._between(seen.t_s, t_s) for t_s in later]
        settled = [s.start_s for s in found[1:] if settled_s <= s.start_s < settles_s]
        cuts = [self._between(seen.t_s, t_s) for t_s in settled]
        return [Segment(cut_s, cut_s, "shot") for cut_s in cuts]

    def _between(self, looks_s: np.ndarray, first_s: float) -> float:
        """Where the cut before the look at `first_s` is."""
        before_s = float(looks_s[np.searchsorted(looks_s, first_s) - 1])
        held = first_s - before_s > 1.5 * self.every_s
        return first_s if held else (before_s + first_s) / 2

    def _with_tail(self, frames: FrameBatch) -> FrameBatch:
        if not len(frames):
            return frames if self.tail is None else self.tail
        small = np.stack([fit_frame(frame, SIDE_PX) for frame in frames.pixels])
        frames = FrameBatch(small, frames.t_s)
        if self.tail is None:
            return frames
        return FrameBatch(
            np.concatenate([self.tail.pixels, frames.pixels]),
            np.concatenate([self.tail.t_s, frames.t_s]),
        )


def shots_of_every_frame(path: str, end_s: float, method: str, decoder: str) -> list[Segment]:
    """Shots from a pass of their own over every frame, small: what TransNetV2 was trained on."""
    with stream_frames(
        path, Sampling.native(), size_px=(48, 27), batch=256, decoder=decoder
    ) as stream:
        return shots(stream, method, duration_s=end_s)


def shots_from(marks: list[Segment], end_s: float) -> list[Segment]:
    """Cut marks -> shots that cover `[0, end_s)` without gap.

    >>> shots_from([Segment(2.0, 2.0, "shot")], 5.0)
    [Segment(shot 0:00.0-0:02.0), Segment(shot 0:02.0-0:05.0)]
    """
    edges = [0.0, *sorted({m.start_s for m in marks if 0 < m.start_s < end_s}), end_s]
    return [Segment(a, b, "shot") for a, b in pairwise(edges)]


def apart(cuts_s: Sequence[float], least_s: float) -> list[float]:
    """Those of the cuts that lie so far from the one kept before them.

    >>> apart([1.0, 2.0, 4.5], 2.5)
    [1.0, 4.5]
    """
    kept: list[float] = []
    for cut_s in cuts_s:
        if not kept or cut_s - kept[-1] >= least_s:
            kept.append(cut_s)
    return kept
