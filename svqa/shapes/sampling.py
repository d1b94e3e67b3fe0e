"""A seeded generator -> Scene.

Every shape's life is drafted at random and kept if it fits those drawn before it: on free
half-second marks, never out of the picture, never over another shape, never of the same colour and
shape as another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

from svqa.shapes.scene import (
    COLOURS,
    DIRECTIONS,
    DURATION_S,
    GRID_S,
    MAX_OBJECTS,
    SHAPES,
    SIZES,
    VOICES_HZ,
    Actor,
    Look,
    Scene,
    events_of,
    heading,
    meeting,
)

T = TypeVar("T")
GAP = 0.03  # free space kept between two shapes that do not meet, share of the picture
MIN_LEG = 0.22  # the shortest way that counts as moving, share of the picture
_LIVES = ("stays", "enters", "leaves", "visits")
_MOTIONS = ("still", "straight", "stops", "turns", "meets")


def sample_scene(rng: np.random.Generator, *, objects: int | None = None) -> Scene:
    """A scene with `objects` shapes that live, move, change and meet.

    `objects`: 1 to `MAX_OBJECTS`, drawn evenly if not given.

    >>> sample_scene(np.random.default_rng(0), objects=2).actors[0].shape in SHAPES
    True
    """
    count = _checked(rng, objects)
    while (actors := _cast(rng, count)) is None:
        pass  # the shapes drawn first left no room: draw all again, so that the count stays even
    return Scene(actors, events_of(actors), sample_look(rng))


def sample_still(rng: np.random.Generator, *, objects: int | None = None) -> Scene:
    """A scene in which nothing happens: fast to draw, for training on single frames."""
    count = _checked(rng, objects)
    voices = rng.permutation(list(VOICES_HZ))
    while True:
        names = rng.choice(len(SHAPES) * len(COLOURS), size=count, replace=False)
        sizes = rng.choice(list(SIZES), size=count)
        radius = np.array([SIZES[s] for s in sizes])
        xy = rng.uniform(radius[:, None] + 0.01, 0.99 - radius[:, None], (count, 2))
        apart = (
            np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) - radius[:, None] - radius[None]
        )
        if np.all(apart[np.triu_indices(count, 1)] > GAP):
            break
    colours = list(COLOURS)
    actors = tuple(
        Actor(
            SHAPES[n // len(COLOURS)],
            str(s),
            str(v),
            ((0.0, colours[n % len(COLOURS)]),),
            ((0.0, *p), (DURATION_S, *p)),
        )
        for n, s, v, p in zip(names, sizes, voices, _rounded(xy), strict=False)
    )
    return Scene(actors, (), sample_look(rng))


def sample_crowd(rng: np.random.Generator, *, objects: int = 10) -> Scene:
    """Up to `objects` still shapes, also of one kind: many lessons for the price of one picture.

    Not for questions.
    """
    colours, placed = list(COLOURS), np.zeros((0, 3))
    found: list[Actor] = []
    for _ in range(6 * objects):
        size = _pick(rng, SIZES)
        radius = SIZES[size]
        x, y = _rounded(rng.uniform(radius + 0.01, 0.99 - radius, (1, 2)))[0]
        if len(found) < objects and np.all(
            np.hypot(placed[:, 0] - x, placed[:, 1] - y) > placed[:, 2] + radius + GAP
        ):
            placed = np.vstack([placed, (x, y, radius)])
            path = ((0.0, x, y), (DURATION_S, x, y))
            found.append(
                Actor(_pick(rng, SHAPES), size, "low", ((0.0, _pick(rng, colours)),), path)
            )
    return Scene(tuple(found), (), sample_look(rng))


def scene_of(seed: int, index: int) -> Scene:
    """Video `index` of the dataset `seed`: the same whatever else is drawn."""
    return sample_scene(np.random.default_rng([seed, index]))


def _checked(rng: np.random.Generator, objects: int | None) -> int:
    if objects is None:
        return int(rng.integers(1, MAX_OBJECTS + 1))
    if not 1 <= objects <= MAX_OBJECTS:
        raise ValueError(f"a scene has 1 to {MAX_OBJECTS} objects, got {objects}")
    return objects


def sample_look(rng: np.random.Generator) -> Look:
    """A background of little colour, so that the shapes keep theirs."""
    grey = rng.uniform(40, 190, (2, 1)) + rng.uniform(-14, 14, (2, 3))
    near, far = ((int(r), int(g), int(b)) for r, g, b in grey)
    kind = str(rng.choice(["plain", "fade", "cloud", "checks"]))
    return Look(kind, near, far, round(float(rng.uniform(0, 6)), 1), int(rng.integers(2**31)))


def _rounded(xy: np.ndarray) -> list[tuple[float, float]]:
    return [(round(float(x), 4), round(float(y), 4)) for x, y in xy]


def _cast(rng: np.random.Generator, count: int) -> tuple[Actor, ...] | None:
    voices = rng.permutation(list(VOICES_HZ))
    free = [float(t) for t in np.arange(GRID_S, DURATION_S, GRID_S)]
    cast: list[Actor] = []
    while len(cast) < count:
        for _ in range(30):
            slots = _Slots(rng, free)
            actor = _draft(rng, slots, cast, str(voices[len(cast)]))
            if actor and _fits(actor, cast):
                break
        else:
            return None
        free = slots.left
        cast.append(actor)
    return tuple(cast)


class _Slots:
    """Half-second marks that no event has taken yet."""

    def __init__(self, rng: np.random.Generator, free: list[float]):
        self.rng, self.left = rng, list(free)

    def take(self, low_s: float, high_s: float) -> float:
        """One of the free marks in `[low_s, high_s]`; NaN, which fits nowhere, if there is none."""
        fit = [t for t in self.left if low_s <= t <= high_s]
        if not fit:
            return math.nan
        t_s = fit[self.rng.integers(len(fit))]
        self.left.remove(t_s)
        return t_s


def _draft(rng: np.random.Generator, slots: _Slots, cast: list[Actor], voice: str) -> Actor | None:
    life = _pick(rng, _LIVES, (0.4, 0.25, 0.25, 0.1))
    start_s = slots.take(0.5, 4.0) if life in ("enters", "visits") else 0.0
    end_s = slots.take(max(4.0, start_s + 2.5), 7.5) if life in ("leaves", "visits") else DURATION_S
    shape, size, first = _pick(rng, SHAPES), _pick(rng, SIZES), _pick(rng, COLOURS)
    colours = [(start_s, first)]
    if rng.random() < 0.3:
        colours.append(
            (slots.take(start_s + 1.0, end_s - 1.0), _pick(rng, [c for c in COLOURS if c != first]))
        )
    path = _path(rng, slots, cast, SIZES[size], start_s, end_s)
    if path is None or not np.all(np.isfinite([start_s, end_s, colours[-1][0]])):
        return None
    return Actor(shape, size, voice, tuple(colours), path)


def _path(
    rng: np.random.Generator,
    slots: _Slots,
    cast: list[Actor],
    radius: float,
    start_s: float,
    end_s: float,
) -> tuple[tuple[float, float, float], ...] | None:
    still = [a for a in cast if len(a.path) == 2 and heading(a) is None]
    motion = _pick(
        rng, _MOTIONS, (0.2, 0.15, 0.15, 0.2, 0.3) if still else (0.4, 0.2, 0.2, 0.2, 0.0)
    )
    mark_s = (
        slots.take(start_s + 1.5, end_s - 1.5) if motion in ("stops", "turns", "meets") else end_s
    )
    if not math.isfinite(mark_s):
        return None
    first = _pick(rng, DIRECTIONS)
    turn = _pick(rng, [d for d in DIRECTIONS if d != first])
    after = rng.uniform(MIN_LEG, 0.5) if motion == "turns" else 0.0
    legs = [(mark_s, first, 0.0 if motion == "still" else rng.uniform(MIN_LEG, 0.6))]
    legs += [(end_s, turn, after)] if mark_s < end_s else []
    way = np.cumsum(
        [(0.0, 0.0)] + [(DIRECTIONS[d][0] * far, DIRECTIONS[d][1] * far) for _, d, far in legs],
        axis=0,
    )
    low, high = radius + 0.01 - way.min(0), 0.99 - radius - way.max(0)
    if motion == "meets":
        host = _pick(rng, still)
        if not host.span[0] < mark_s < host.span[1]:
            return None
        origin = (
            np.array(host.path[0][1:])
            - (radius + SIZES[host.size]) * np.array(DIRECTIONS[first])
            - way[-1]
        )
    else:
        origin = low + rng.random(2) * (high - low)
    if np.any(origin < low) or np.any(origin > high):
        return None
    times = [start_s] + [t_s for t_s, _, _ in legs]
    return tuple((t_s, x, y) for t_s, (x, y) in zip(times, _rounded(way + origin), strict=True))


def _pick(
    rng: np.random.Generator, items: Iterable[T], weights: Sequence[float] | None = None
) -> T:
    """One of the items; `rng.choice` is ten times slower."""
    choices = list(items)
    if weights is None:
        return choices[rng.integers(len(choices))]
    index = int(np.searchsorted(np.cumsum(weights), rng.random(), side="right"))
    return choices[min(index, len(choices) - 1)]


def _fits(actor: Actor, cast: list[Actor]) -> bool:
    t_s = np.arange(*actor.span, 0.125)
    x, y = actor.position(t_s)
    for other in cast:
        if other.shape == actor.shape and {c for _, c in other.colours} & {
            c for _, c in actor.colours
        }:
            return False
        both = (t_s >= other.span[0]) & (t_s < other.span[1])
        if not both.any():
            continue
        ox, oy = other.position(t_s)
        reach = SIZES[actor.size] + SIZES[other.size]
        nearest = np.hypot(x - ox, y - oy)[both].min() - reach
        if nearest < (-1e-3 if meeting(actor, other) else GAP):
            return False
    return True
