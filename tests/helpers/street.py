"""Boxes of a street in which five things happen, drawn by hand."""

from __future__ import annotations

import numpy as np

from svqa.answering import EventGrounder
from svqa.records import Detection

T_S = np.arange(0, 8, 0.1)
VERBS = {
    "appears": "appear",
    "vanishes": "vanish",
    "stops": "stop",
    "turns": "turn",
    "changes colour": "change colour",
}


def seen(label, x, *, first: float = 0.0, last: float = 8.0, y: float = 50.0) -> list[Detection]:
    """Boxes of a thing whose name and place may be functions of time."""
    name = label if callable(label) else lambda t: label
    place = x if callable(x) else lambda t: x
    return [
        Detection(name(t), 0.9, (place(t), y, place(t) + 20, y + 20), t, "test")
        for t in T_S.tolist()
        if first - 1e-6 <= t < last - 1e-6
    ]


def a_street() -> EventGrounder:
    """A street in four events.

    A red car drives until 4 s, a blue bus comes at 2 s, a green light turns red at 6 s, a dog turns
    back at 5 s.
    """
    return EventGrounder(
        [
            *seen("red car", lambda t: min(t, 4.0) * 20, y=10.0),
            *seen("blue bus", 60.0, first=2.0, y=60.0),
            *seen(lambda t: "green light" if t < 6 else "red light", 110.0, y=100.0),
            *seen("dog", lambda t: 20 * t if t < 5 else 200 - 20 * t, y=150.0),
        ],
        T_S,
    )
