"""Scene -> exact captions, boxes and tracks."""

from __future__ import annotations

from collections.abc import Sequence

from svqa.records import Detection
from svqa.shapes.render import outline_px
from svqa.shapes.scene import COLOURS, DURATION_S, SHAPES, Actor, Event, Scene, heading, place_of

MODEL_ID = "shapes/truth"
LABELS = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
EMPTY = "nothing"
BETWEEN_S = 0.15  # a frame this close to an event may show either side of it


def frame_caption(scene: Scene, t_s: float) -> str:
    """What is seen at `t_s`: colours in the order of `COLOURS`, then shapes in that of `SHAPES`.

    `a red circle, a red star and a blue square`; `nothing` if nothing is seen.
    """
    names = sorted((s.name for s in scene.at(t_s)), key=LABELS.index)
    return _joined([f"{_article(name)} {name}" for name in names]) or EMPTY


def description(scene: Scene) -> str:
    """What the whole video shows.

    Every shape, where it comes into sight and what it does until it goes, by time.

    `a small red circle at the top left moves right and stops, a large blue square at the bottom
    left appears`.
    """
    order = sorted(range(len(scene.actors)), key=lambda i: LABELS.index(scene.actors[i].name_at(0)))
    return ", ".join(_life(scene, i) for i in order)


def phrase(scene: Scene, event: Event) -> str:
    """`the red circle stops`, `the red circle meets the blue square`.

    Named by the colour before the event.
    """
    words = f"the {event_name(scene, event)} {event.kind}"
    return (
        words
        if event.other is None
        else f"{words} the {scene.actors[event.other].name_at(event.t_s)}"
    )


def event_name(scene: Scene, event: Event) -> str:
    """Who does it, in the colour it has just before."""
    return scene.actors[event.actor].name_at(event.t_s - 0.01)


def boxes(
    scene: Scene, t_s: float, *, width_px: int, height_px: int | None = None
) -> list[Detection]:
    """The box of every shape's outline at `t_s`.

    Score 1, label `red circle`, track id = index of the actor.

    Exact in space; the anti-aliased brush paints up to a pixel beyond it.
    """
    found = []
    height_px = height_px or width_px
    for seen in scene.at(t_s):
        corners = outline_px(seen, width_px=width_px, height_px=height_px)
        left, top, right, bottom = (float(v) for v in (*corners.min(0), *corners.max(0)))
        found.append(
            Detection(seen.name, 1.0, (left, top, right, bottom), float(t_s), MODEL_ID, seen.actor)
        )
    return found


def tracks(
    scene: Scene, t_s: Sequence[float], *, width_px: int, height_px: int | None = None
) -> list[list[Detection]]:
    """One list of boxes an actor, over those of the seconds at which it is seen."""
    lives: list[list[Detection]] = [[] for _ in scene.actors]
    for t in t_s:
        for box in boxes(scene, float(t), width_px=width_px, height_px=height_px):
            assert box.track_id is not None, "`boxes` counts them by actor"
            lives[box.track_id].append(box)
    return lives


def steady_times(scene: Scene, *, every_s: float = 0.1) -> list[float]:
    """The seconds on the grid at which no event is within `BETWEEN_S`.

    So any near frame shows the same.
    """
    grid = (round(i * every_s, 6) for i in range(round(DURATION_S / every_s)))
    return [t for t in grid if all(abs(t - e.t_s) > BETWEEN_S - 1e-9 for e in scene.events)]


def _life(scene: Scene, index: int) -> str:
    actor: Actor = scene.actors[index]
    name = f"{actor.size} {actor.name_at(0)}"
    deeds = []
    own = [e for e in scene.events if e.actor == index]
    if actor.span[0] > 0:
        deeds.append("appears")
    if (way := heading(actor)) is not None:
        deeds.append(f"moves {way}")
    for event in own:
        if event.kind == "changes colour":
            deeds.append(f"changes colour to {event.to}")
        elif event.kind == "turns":
            deeds.append(f"turns {event.to}")
        elif event.kind == "meets" and event.other is not None:
            deeds.append(f"meets the {scene.actors[event.other].name_at(event.t_s)}")
        elif event.kind != "appears":
            deeds.append(event.kind)
    where = f"{_article(name)} {name} at the {place_of(*actor.path[0][1:])}"
    return f"{where} {_joined(deeds)}" if deeds else where


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
