"""Scene -> every question that takes several frames or the sound, with its answer and seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np

from svqa.shapes.balance import WorldQuestion
from svqa.shapes.scene import (
    COLOURS,
    DIRECTIONS,
    DURATION_S,
    GRID_S,
    VOICES_HZ,
    Event,
    Scene,
    heading,
)
from svqa.shapes.truth import event_name, phrase

TIME_TYPES = ("direction", "order", "when", "changes", "count_video", "sound")
_VERBS = {
    "appears": "appear",
    "vanishes": "vanish",
    "changes colour": "change colour",
    "stops": "stop",
    "turns": "turn",
    "meets": "meet",
}


def ask_video(kind: str, scene: Scene, rng: np.random.Generator) -> list[WorldQuestion]:
    """Every question of a type of `TIME_TYPES` that the scene allows."""
    return list(_ASK[kind](scene, rng))


def _direction(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    turned = {e.actor: e for e in scene.events if e.kind == "turns"}
    for index, actor in enumerate(scene.actors):
        way = heading(actor)
        if index in turned:
            event = turned[index]
            yield WorldQuestion(
                f"which way does the {event_name(scene, event)} turn?",
                event.to,
                "direction",
                (event.span,),
                tuple(DIRECTIONS),
            )
        elif way:
            yield WorldQuestion(
                f"which way does the {actor.name_at(0)} move?",
                way,
                "direction",
                ((actor.path[0][0], actor.path[1][0]),),
                tuple(DIRECTIONS),
            )


def _order(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    for one, two in permutations(scene.events, 2):
        if one.actor != two.actor:
            options = phrase(scene, one), phrase(scene, two)
            answer = options[0] if one.t_s < two.t_s else options[1]
            yield WorldQuestion(
                f"which happens first: {options[0]} or {options[1]}?",
                answer,
                "order",
                tuple(sorted((one.span, two.span))),
                options,
            )


def _when(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    for event in scene.events:
        whom = "" if event.other is None else f" the {scene.actors[event.other].name_at(event.t_s)}"
        text = f"when does the {event_name(scene, event)} {_VERBS[event.kind]}{whom}?"
        yield WorldQuestion(
            text, f"{event.t_s:g} s", "when", (event.span,), _times_around(event, rng)
        )


def _times_around(event: Event, rng: np.random.Generator) -> tuple[str, ...]:
    """Four seconds in order, the right one among them, at least a second apart."""
    chosen = [event.t_s]
    for t_s in rng.permutation(np.arange(GRID_S, DURATION_S, GRID_S)):
        if len(chosen) < 4 and min(abs(t_s - c) for c in chosen) >= 1:
            chosen.append(float(t_s))
    return tuple(f"{t:g} s" for t in sorted(chosen))


def _changes(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    changed = {e.actor: e for e in scene.events if e.kind == "changes colour"}
    for index, actor in enumerate(scene.actors):
        event, name = changed.get(index), actor.name_at(0)
        spans = (event.span,) if event else (actor.span,)
        answer = "yes" if event else "no"
        yield WorldQuestion(
            f"does the {name} change colour?", answer, "changes", spans, ("yes", "no")
        )
        if event:
            others = tuple(c for c in COLOURS if c != name.split()[0])
            yield WorldQuestion(
                f"what colour does the {name} become?", event.to, "changes", spans, others
            )


def _count_video(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    whole = ((0.0, DURATION_S),)
    yield WorldQuestion(
        "how many objects are seen in the whole video?",
        str(len(scene.actors)),
        "count_video",
        whole,
    )
    for kind in ("appears", "vanishes", "turns", "stops"):
        spans = tuple(e.span for e in scene.events if e.kind == kind)
        text = f"how many objects {_VERBS[kind]} during the video?"
        yield WorldQuestion(text, str(len(spans)), "count_video", spans or whole)


def _sound(scene: Scene, rng: np.random.Generator) -> Iterator[WorldQuestion]:
    if len(scene.events) < 2:
        return
    phrases = tuple(str(p) for p in rng.permutation([phrase(scene, e) for e in scene.events]))
    for voice in VOICES_HZ:
        heard = [e for e in scene.events if voice in _voices(scene, e)]
        if not heard:
            continue
        first = heard[0]
        yield WorldQuestion(
            f"what happens when the {voice} tone first sounds?",
            phrase(scene, first),
            "sound",
            (first.span,),
            phrases,
        )
        if len(scene.actors) > 1 and _voices(scene, first) == [voice]:
            called = [f"the {actor.name_at(first.t_s - 0.01)}" for actor in scene.actors]
            names = tuple(str(name) for name in rng.permutation(called))
            yield WorldQuestion(
                f"which object makes the {voice} tone?",
                f"the {event_name(scene, first)}",
                "sound",
                tuple(e.span for e in heard),
                names,
            )


def _voices(scene: Scene, event: Event) -> list[str]:
    return [scene.actors[i].voice for i in (event.actor, event.other) if i is not None]


_ASK: dict[str, Callable[[Scene, np.random.Generator], Iterator[WorldQuestion]]] = {
    "direction": _direction,
    "order": _order,
    "when": _when,
    "changes": _changes,
    "count_video": _count_video,
    "sound": _sound,
}
