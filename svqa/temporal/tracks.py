"""Boxes over time -> tracks: one thing each, with its names and where it was, first box to last.

Boxes are joined by place, not by name: what changes its colour is still the same thing. Greedy
nearest neighbours with constant speed over short gaps (the tracker's baseline of Bewley et al.
2016, arXiv:1602.00763, on centres).

Own code beside `YoloDetector.track`, because boxes of a library are seen twice a second: half a
second apart, what moves no longer overlaps itself, and overlap is what most trackers count on.
Measured in this place on `experiments.shapes_grounding` (40 videos, 105 questions; share of spans
found at ten and at two looks a second, share of 60 exact scenes whose tracks are whole at two):

- this module: .990, .952, 58 of 60; 10 ms a video;
- ByteTrack of ultralytics 8.4: .990, .895, 20 of 60; it leaves out the first box of what appears;
- SORT, OC-SORT, ByteTrack and C-BIoU of trackers 2.6, boxes widened: .990, .943 to .962, at most
  24 of 60, for the same reason;
- norfair 2.3: .990, .952, 59 of 60, once it is handed the distance below; 37 ms a video, 1.6 s to
  import, and it asks for other versions of rich and filterpy than there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.records import Detection

LONGEST_GAP_S = 0.6  # unseen for longer, and for more than one look, it is taken for gone
# of a box's size: how far from where it was expected a box may be, a tenth of a second later
REACH = 0.5
REACH_S = 0.1  # the reach grows with the root of the seconds since then
LEAST_BOXES, LEAST_SCORE = 4, 0.25  # a track has at least so many boxes, and one at least so sure
_MEMORY = 5  # boxes from which the speed is taken


@dataclass(frozen=True, eq=False)
class Track:
    """One thing, box by box: `t_s (T,)`, centres `xy_px (T, 2)`, `size_px (T,)`, names, scores.

    The size is the mean of width and height.
    """

    t_s: np.ndarray
    xy_px: np.ndarray
    size_px: np.ndarray
    labels: tuple[str, ...]
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.t_s)

    def __repr__(self) -> str:
        return (
            f"Track({max(set(self.labels), key=self.labels.count)} "
            f"{self.t_s[0]:.1f}-{self.t_s[-1]:.1f} s, {len(self)} boxes)"
        )

    def at(self, t_s: float) -> np.ndarray:
        """-> (2,): its centre at a time, in between its boxes by a straight line."""
        return np.array([np.interp(t_s, self.t_s, self.xy_px[:, i]) for i in (0, 1)])


def tracks_of(boxes: Sequence[Detection]) -> list[Track]:
    """Boxes of one video, sampled evenly and in any order -> its tracks by their first second.

    >>> places = [(4.0 * i, 0.0, 4.0 * i + 20, 20.0) for i in range(9)]
    >>> tracks_of([Detection("cat", 0.9, place, i / 4, "m") for i, place in enumerate(places)])
    [Track(cat 0.0-2.0 s, 9 boxes)]
    """
    times = sorted({b.t_s for b in boxes})
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    at: dict[float, list[Detection]] = {t: [] for t in times}
    for box in boxes:
        at[box.t_s].append(box)
    gap_s = max(LONGEST_GAP_S, 2 * step_s) + 1e-6
    live: list[list[Detection]] = []
    ended: list[list[Detection]] = []
    for t_s in times:
        ended += [track for track in live if t_s - track[-1].t_s > gap_s]
        live = [track for track in live if t_s - track[-1].t_s <= gap_s]
        new = _join(live, at[t_s], t_s)
        live += [[box] for box in new]
    kept = [
        _track(track)
        for track in ended + live
        if len(track) >= LEAST_BOXES and max(b.score for b in track) >= LEAST_SCORE
    ]
    return sorted(kept, key=lambda track: float(track.t_s[0]))


def _join(live: list[list[Detection]], boxes: list[Detection], t_s: float) -> list[Detection]:
    """Give every track the box nearest to where it is expected; -> the boxes that no track took."""
    pairs = []
    for i, track in enumerate(live):
        expected = _expected(track, t_s)
        reach = REACH * _size(track[-1]) * max(1.0, (t_s - track[-1].t_s) / REACH_S) ** 0.5
        for j, box in enumerate(boxes):
            far = float(np.hypot(*(_centre(box) - expected)))
            if far <= reach:
                pairs.append((far, i, j))
    taken_tracks: set[int] = set()
    taken_boxes: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in taken_tracks and j not in taken_boxes:
            taken_tracks.add(i)
            taken_boxes.add(j)
            live[i].append(boxes[j])
    return [box for j, box in enumerate(boxes) if j not in taken_boxes]


def _expected(track: list[Detection], t_s: float) -> np.ndarray:
    last = track[-1]
    if len(track) < 2:
        return _centre(last)
    before = track[-min(_MEMORY, len(track))]
    speed = (_centre(last) - _centre(before)) / (last.t_s - before.t_s)
    return _centre(last) + speed * (t_s - last.t_s)


def _track(boxes: list[Detection]) -> Track:
    return Track(
        np.array([b.t_s for b in boxes]),
        np.array([_centre(b) for b in boxes]),
        np.array([_size(b) for b in boxes]),
        tuple(b.label for b in boxes),
        np.array([b.score for b in boxes]),
    )


def _centre(box: Detection) -> np.ndarray:
    left, top, right, bottom = box.xyxy_px
    return np.array([(left + right) / 2, (top + bottom) / 2])


def _size(box: Detection) -> float:
    left, top, right, bottom = box.xyxy_px
    return (right - left + bottom - top) / 2
