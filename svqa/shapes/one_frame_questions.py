"""Scene and second -> every question that one frame answers, with its answer and its seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from svqa.shapes.balance import WorldQuestion
from svqa.shapes.scene import COLOURS, DURATION_S, MAX_OBJECTS, PLACES, SHAPES, Scene, place_of
from svqa.shapes.truth import LABELS

FRAME_TYPES = ("exists", "colour", "shape", "count", "place")
ANSWERS = {  # what a one-frame question can be answered with
    "exists": ("yes", "no"),
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "count": tuple(str(n) for n in range(MAX_OBJECTS + 1)),
    "place": PLACES,
}
PLACE_MARGIN = 0.06


def ask_frame(kind: str, scene: Scene, t_s: float) -> list[WorldQuestion]:
    """Every question of a type of `FRAME_TYPES` that the frame at `t_s` allows."""
    return list(_ASK[kind](scene, t_s))


def _frame_question(scene: Scene, t_s: float, kind: str, text: str, answer: str) -> WorldQuestion:
    return WorldQuestion(text, answer, kind, (_calm(scene, t_s),), ANSWERS[kind], t_s)


def _calm(scene: Scene, t_s: float) -> tuple[float, float]:
    """The seconds between the event before `t_s` and the one after."""
    edges = [0.0, *(e.t_s for e in scene.events), DURATION_S]
    return max(e for e in edges if e <= t_s), min(e for e in edges if e > t_s)


def _exists(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    seen = scene.at(t_s)
    names = {s.name for s in seen}
    colours, shapes = {s.colour for s in seen}, {s.shape for s in seen}
    for name in LABELS:
        colour, shape = name.split()
        # a no that needs a close look
        if name in names or not seen or colour in colours or shape in shapes:
            text = f"is there {'an' if name[0] in 'aeiou' else 'a'} {name}?"
            yield _frame_question(scene, t_s, "exists", text, "yes" if name in names else "no")


def _colour(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    shapes = Counter(s.shape for s in scene.at(t_s))
    for s in scene.at(t_s):
        if shapes[s.shape] == 1:
            yield _frame_question(scene, t_s, "colour", f"what colour is the {s.shape}?", s.colour)


def _shape(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    colours = Counter(s.colour for s in scene.at(t_s))
    for s in scene.at(t_s):
        if colours[s.colour] == 1:
            text = f"what shape is the {s.colour} object?"
            yield _frame_question(scene, t_s, "shape", text, s.shape)


def _count(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    shapes = Counter(s.shape for s in scene.at(t_s))
    yield _frame_question(scene, t_s, "count", "how many objects are there?", str(shapes.total()))
    for shape in SHAPES:
        text = f"how many {shape}s are there?"
        yield _frame_question(scene, t_s, "count", text, str(shapes[shape]))


def _place(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    for s in scene.at(t_s):
        if place := place_of(s.x, s.y, margin=PLACE_MARGIN):
            span = _stay(scene, s.actor, place, t_s)
            yield WorldQuestion(f"where is the {s.name}?", place, "place", (span,), PLACES, t_s)


def _stay(scene: Scene, actor: int, place: str, t_s: float) -> tuple[float, float]:
    """The calm seconds around `t_s` in which the actor is in that quarter, to a tenth of one."""
    start_s, end_s = _calm(scene, t_s)
    grid = np.arange(start_s, end_s, 0.1)
    positions = zip(*scene.actors[actor].position(grid), strict=True)
    here = np.array([place_of(x, y) == place for x, y in positions])
    before, after = grid[~here & (grid <= t_s)], grid[~here & (grid > t_s)]
    return (
        round(float(before[-1]) + 0.1, 1) if len(before) else start_s,
        round(float(after[0]), 1) if len(after) else end_s,
    )


_ASK: dict[str, Callable[[Scene, float], Iterator[WorldQuestion]]] = {
    "exists": _exists,
    "colour": _colour,
    "shape": _shape,
    "count": _count,
    "place": _place,
}
