"""Tracks -> what happens in them, each with its second.

Something appears, vanishes, changes, stops, starts, turns, meets.

A name changes where a path through the names that were seen says so (Viterbi, each change at a
price, so that a few odd boxes are not one); a motion changes at the hinge of two straight lines
that fit much better than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svqa.language.colours import BASIC_COLOURS
from svqa.temporal.tracks import Track

KINDS = ("appears", "vanishes", "changes colour", "changes", "stops", "starts", "turns", "meets")
CHANGE_PRICE = 2.0  # summed scores that a change of name has to win, at ten looks a second
# and with fewer looks: one odd box, of score 1 at most, would have to pay it twice
LEAST_PRICE = 1.0
LEAST_HINGE = 0.15  # of its size: how far a path must lie from one straight line to have a bend
LEAST_LEG_S = 0.6  # on either side of a bend
STILL = 0.12  # sizes a second; what moves less stands still
TOUCHING = 0.35  # of the larger size: the gap between two things that meet, at most


@dataclass(frozen=True)
class TrackEvent:
    """`kind` (one of `KINDS`) happens at `t_s` to the `track`-th thing, called `name` before it.

    `other` is whom it meets.

    `to`: the new name of what changes, the new direction of what turns.
    """

    kind: str
    t_s: float
    track: int
    name: str
    to: str = ""
    other: str = ""

    @property
    def text(self) -> str:
        """One sentence: `the red circle changes colour to blue`, `the dog meets the cat`."""
        if self.kind.startswith("changes"):
            return f"the {self.name} {self.kind} to {self.to}"
        tail = f" the {self.other}" if self.other else f" {self.to}" if self.to else ""
        return f"the {self.name} {self.kind}{tail}"


def track_events_of(
    tracks: Sequence[Track], *, start_s: float, end_s: float, step_s: float
) -> list[TrackEvent]:
    """Everything that happens in these tracks, in time order.

    `start_s`, `end_s`: the first and the last second looked at, `step_s` between two looks. What is
    there at the first look did not appear, what is there at the last did not vanish; one missed
    look at either end is forgiven.
    """
    names = [names_over_time(track, step_s=step_s) for track in tracks]
    found: list[TrackEvent] = []
    for i, track in enumerate(tracks):
        first, last = float(track.t_s[0]), float(track.t_s[-1])
        if first > start_s + 1.5 * step_s:
            found.append(TrackEvent("appears", first - step_s / 2, i, names[i][0]))
        if last < end_s - 1.5 * step_s:
            found.append(TrackEvent("vanishes", last + step_s / 2, i, names[i][-1]))
        found += [
            _renamed(i, float(track.t_s[j - 1] + track.t_s[j]) / 2, names[i][j - 1], names[i][j])
            for j in range(1, len(track))
            if names[i][j] != names[i][j - 1]
        ]
        found += [event for t_s in bends(track) if (event := _bend(i, t_s, tracks, names))]
    return sorted(found, key=lambda event: event.t_s)


def names_over_time(track: Track, *, step_s: float = 0.1) -> list[str]:
    """-> (T,) the name it most likely has at each box, looked at every `step_s`.

    Changing it has a price.
    """
    price = float(np.clip(0.1 * CHANGE_PRICE / step_s, LEAST_PRICE, CHANGE_PRICE))
    known = sorted(set(track.labels))
    gain = np.array(
        [
            [s if label == name else 0.0 for name in known]
            for label, s in zip(track.labels, track.scores, strict=True)
        ]
    )
    best, came_from = gain[0].copy(), []
    for row in gain[1:]:
        other = int(best.argmax())
        stay = best >= best[other] - price
        came_from.append(np.where(stay, np.arange(len(known)), other))
        best = np.where(stay, best, best[other] - price) + row
    at, path = int(best.argmax()), []
    for back in reversed(came_from):
        path.append(at)
        at = int(back[at])
    return [known[i] for i in [at, *reversed(path)]]


def bends(track: Track) -> list[float]:
    """-> the seconds at which a path bends, in time order.

    Hinges of straight lines that fit much better than fewer.

    Found by splitting at the strongest hinge and looking within; then each is placed again between
    its neighbours, and dropped where it no longer counts.
    """
    size_px = float(np.median(track.size_px))
    found = sorted(_split(track.t_s, track.xy_px, size_px))
    for _ in range(2):
        edges_s = [-np.inf, *found, np.inf]
        spans = list(zip(edges_s, edges_s[2:], strict=False))
        found = sorted({hinge for span in spans for hinge in _within(track, *span, size_px)})
    return found


def _split(t_s: np.ndarray, xy_px: np.ndarray, size_px: float) -> list[float]:
    hinge_s = _strongest(t_s, xy_px, size_px)
    if hinge_s is None:
        return []
    parts = (t_s < hinge_s, t_s >= hinge_s)
    return [hinge_s, *(h for part in parts for h in _split(t_s[part], xy_px[part], size_px))]


def _within(track: Track, start_s: float, end_s: float, size_px: float) -> list[float]:
    there = (track.t_s >= start_s) & (track.t_s <= end_s)
    hinge_s = _strongest(track.t_s[there], track.xy_px[there], size_px)
    return [] if hinge_s is None else [hinge_s]


def _strongest(t_s: np.ndarray, xy_px: np.ndarray, size_px: float) -> float | None:
    """-> the second of the best hinge; None where the path is straight, or too short to tell."""
    inside = (
        (t_s >= t_s[0] + LEAST_LEG_S - 1e-6) & (t_s <= t_s[-1] - LEAST_LEG_S + 1e-6)
        if len(t_s)
        else np.zeros(0, bool)
    )
    if not inside.any():
        return None
    hinge_s, change = _best_hinge(t_s, xy_px, t_s[inside])
    height = np.hypot(*change) * (hinge_s - t_s[0]) * (t_s[-1] - hinge_s) / (t_s[-1] - t_s[0])
    return hinge_s if height >= LEAST_HINGE * size_px else None


def _best_hinge(
    t_s: np.ndarray, xy_px: np.ndarray, candidates_s: np.ndarray
) -> tuple[float, np.ndarray]:
    """-> (second, change of speed (2,)) of the best hinge.

    The one whose two lines leave the least behind, in least squares.
    """
    best, found = np.inf, (0.0, np.zeros(2))
    for hinge_s in candidates_s.tolist():
        basis = np.stack([np.ones(len(t_s)), t_s - hinge_s, np.maximum(0, t_s - hinge_s)], axis=1)
        weights, *_ = np.linalg.lstsq(basis, xy_px, rcond=None)
        left_over = float(((xy_px - basis @ weights) ** 2).sum())
        if left_over < best:
            best, found = left_over, (hinge_s, weights[2])
    return found


def _bend(
    i: int, t_s: float, tracks: Sequence[Track], names: Sequence[Sequence[str]]
) -> TrackEvent | None:
    track = tracks[i]
    name = names[i][max(0, int(np.searchsorted(track.t_s, t_s)) - 1)]
    size = float(np.median(track.size_px))
    before, after = (_speed(track, a, b) for a, b in ((t_s - 1.0, t_s), (t_s, t_s + 1.0)))
    moved, moves = (np.hypot(*v) > STILL * size for v in (before, after))
    if moved and not moves:
        other = _touched(i, t_s, tracks, before)
        if other is None:
            return TrackEvent("stops", t_s, i, name)
        whom = names[other][
            min(len(tracks[other]) - 1, int(np.searchsorted(tracks[other].t_s, t_s)))
        ]
        return TrackEvent("meets", t_s, i, name, other=whom)
    if moves:
        return TrackEvent("turns" if moved else "starts", t_s, i, name, to=direction_of(after))
    return None


def _touched(i: int, t_s: float, tracks: Sequence[Track], speed: np.ndarray) -> int | None:
    """The thing right ahead of the `i`-th, at its edge; None where there is none."""
    here, size = tracks[i].at(t_s), float(np.median(tracks[i].size_px))
    ahead = speed / max(float(np.hypot(*speed)), 1e-9)
    best, found = np.inf, None
    for j, other in enumerate(tracks):
        if j == i or not other.t_s[0] <= t_s <= other.t_s[-1]:
            continue
        way, its_size = other.at(t_s) - here, float(np.median(other.size_px))
        far = float(np.hypot(*way))
        gap = far - (size + its_size) / 2
        if gap < TOUCHING * max(size, its_size) and way @ ahead > 0.5 * far and gap < best:
            best, found = gap, j
    return found


def _renamed(i: int, t_s: float, name: str, to: str) -> TrackEvent:
    """A change of colour where the names' colours differ, whatever else does.

    Else of the whole name.
    """
    old, new = (
        " ".join(word for word in words.split() if word in BASIC_COLOURS) for words in (name, to)
    )
    if old and new and old != new:
        return TrackEvent("changes colour", t_s, i, name, new)
    return TrackEvent("changes", t_s, i, name, to)


def _speed(track: Track, start_s: float, end_s: float) -> np.ndarray:
    """-> (2,) pixels a second between two seconds, by least squares over its boxes there."""
    there = (track.t_s >= start_s - 1e-6) & (track.t_s <= end_s + 1e-6)
    t_s, xy = track.t_s[there], track.xy_px[there]
    if len(t_s) < 2:
        return np.zeros(2)
    t = t_s - t_s.mean()
    return t @ (xy - xy.mean(axis=0)) / float(t @ t)


def direction_of(way: np.ndarray) -> str:
    """A way or a speed in pixels (2,) -> right, left, down or up, whichever it has most of."""
    x, y = way
    return ("right" if x > 0 else "left") if abs(x) > abs(y) else ("down" if y > 0 else "up")
