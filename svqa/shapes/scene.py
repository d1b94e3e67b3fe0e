"""The records of a scene: its shapes, where each is at any second, and what happens when.

Space is the unit square, x to the right and y down; a shape's radius is a share of the shorter side
of the picture. Time is seconds; events fall on a grid of half seconds and no two share one. Shapes
never overlap and never leave the picture, and no two ever have the same colour and shape, so `the
red circle` always names exactly one thing. In the tradition of CLEVRER (Yi et al. 2020,
arXiv:1910.01442).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

DURATION_S = 8.0
GRID_S = 0.5
MAX_OBJECTS = 4
SHAPES = ("circle", "square", "triangle", "star")
COLOURS = {
    "red": (220, 45, 45),
    "orange": (245, 140, 30),
    "yellow": (240, 225, 60),
    "green": (50, 170, 70),
    "blue": (50, 90, 225),
    "purple": (150, 60, 190),
}
SIZES = {"small": 0.09, "large": 0.14}  # radius, share of the shorter side
PLACES = ("top left", "top right", "bottom left", "bottom right")
DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
EVENT_KINDS = ("appears", "vanishes", "changes colour", "stops", "turns", "meets")
VOICES_HZ = {"very low": 220.0, "low": 440.0, "high": 880.0, "very high": 1760.0}
TONE_S = 0.4


@dataclass(frozen=True)
class Sighting:
    """One shape at one instant.

    Which actor, what it looks like, centre and radius in the unit square.
    """

    actor: int
    shape: str
    colour: str
    size: str
    x: float
    y: float

    @property
    def radius(self) -> float:
        """Radius as a share of the shorter side."""
        return SIZES[self.size]

    @property
    def name(self) -> str:
        """`red circle`."""
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True)
class Actor:
    """A shape's whole life, on straight lines between waypoints `(t_s, x, y)`.

    Seen in `[path[0].t, path[-1].t)`.

    `colours` are `(from_s, colour)` in time order. `voice` is the pitch in which each of its events
    sounds.
    """

    shape: str
    size: str
    voice: str
    colours: tuple[tuple[float, str], ...]
    path: tuple[tuple[float, float, float], ...]

    @property
    def span(self) -> tuple[float, float]:
        """The seconds in which it is seen."""
        return self.path[0][0], self.path[-1][0]

    def colour_at(self, t_s: float) -> str:
        """The colour at `t_s`; before its first second, the first one."""
        return [c for from_s, c in self.colours if from_s <= max(t_s, self.colours[0][0])][-1]

    def name_at(self, t_s: float) -> str:
        """`red circle`, in the colour it has at `t_s`."""
        return f"{self.colour_at(t_s)} {self.shape}"

    def position(self, t_s: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """-> x, y at `t_s` (a number or an array); outside its span, where it was first or last."""
        t, x, y = zip(*self.path, strict=True)
        return np.interp(t_s, t, x), np.interp(t_s, t, y)


@dataclass(frozen=True)
class Event:
    """Something that happens at `t_s` to `actor` (and `other`, where two meet).

    `to`: the new colour or direction.
    """

    kind: str
    t_s: float
    actor: int
    other: int | None = None
    to: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """The half second before and after: what one has to see."""
        return max(0.0, self.t_s - GRID_S), min(DURATION_S, self.t_s + GRID_S)


@dataclass(frozen=True)
class Look:
    """The background of a scene.

    Two RGB colours, how they blend, noise in grey levels, the seed of texture and noise.
    """

    kind: str
    near: tuple[int, int, int]
    far: tuple[int, int, int]
    noise: float
    seed: int


@dataclass(frozen=True)
class Scene:
    """Everything there is to know about one video of `DURATION_S` seconds."""

    actors: tuple[Actor, ...]
    events: tuple[Event, ...]
    look: Look

    def at(self, t_s: float) -> list[Sighting]:
        """The shapes seen at `t_s`, in the order of `actors`."""
        seen = []
        for index, actor in enumerate(self.actors):
            start_s, end_s = actor.span
            if start_s <= t_s < end_s:
                x, y = actor.position(t_s)
                seen.append(
                    Sighting(
                        index, actor.shape, actor.colour_at(t_s), actor.size, float(x), float(y)
                    )
                )
        return seen

    def to_dict(self) -> dict:
        """Plain lists, numbers and words, for JSON."""
        return asdict(self)


def place_of(x: float, y: float, *, margin: float = 0.0) -> str | None:
    """The quarter of the picture a point lies in.

    None within `margin` of a middle line, where people would differ.
    """
    if min(abs(x - 0.5), abs(y - 0.5)) < margin:
        return None
    return f"{'top' if y < 0.5 else 'bottom'} {'left' if x < 0.5 else 'right'}"


def bend_of(actor: Actor) -> str | None:
    """`stops` or `turns` at its second waypoint; None where its path has no bend."""
    if len(actor.path) < 3:
        return None
    return "stops" if actor.path[1][1:] == actor.path[2][1:] else "turns"


def heading(actor: Actor, leg: int = 0) -> str | None:
    """The direction of the `leg`-th line of its path; None where it stands still."""
    (_, x0, y0), (_, x1, y1) = actor.path[leg : leg + 2]
    dx, dy = x1 - x0, y1 - y0
    if max(abs(dx), abs(dy)) < 1e-3:
        return None
    return ("right" if dx > 0 else "left") if abs(dx) > abs(dy) else ("down" if dy > 0 else "up")


def meeting(actor: Actor, other: Actor) -> bool:
    """Whether `actor` stops at the edge of `other`, to within rounding."""
    return (
        bend_of(actor) == "stops"
        and other.span[0] < actor.path[1][0] < other.span[1]
        and math.dist(actor.path[1][1:], other.path[-1][1:])
        < SIZES[actor.size] + SIZES[other.size] + 1e-3
    )


def events_of(actors: tuple[Actor, ...]) -> tuple[Event, ...]:
    """Everything that happens in these lives, in time order."""
    found = []
    for index, actor in enumerate(actors):
        start_s, end_s = actor.span
        if start_s > 0:
            found.append(Event("appears", start_s, index))
        if end_s < DURATION_S:
            found.append(Event("vanishes", end_s, index))
        found += [
            Event("changes colour", t_s, index, to=colour) for t_s, colour in actor.colours[1:]
        ]
        if bend := bend_of(actor):
            host = next((i for i, a in enumerate(actors[:index]) if meeting(actor, a)), None)
            kind, to = ("meets", "") if host is not None else (bend, heading(actor, 1) or "")
            found.append(Event(kind, actor.path[1][0], index, host, to))
    return tuple(sorted(found, key=lambda e: e.t_s))
