"""Scene -> questions with answer, type and the seconds that hold the evidence.

One-frame types are asked about the frame at `time_s`; the others need several frames, or the sound.
Answers are balanced as they are drawn, so that whoever does not look gains little;
`balance.baselines` says how little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from svqa.shapes.balance import Balance, WorldQuestion
from svqa.shapes.scene import (
    COLOURS,
    DIRECTIONS,
    DURATION_S,
    GRID_S,
    MAX_OBJECTS,
    PLACES,
    SHAPES,
    VOICES_HZ,
    Event,
    Scene,
    heading,
    place_of,
)
from svqa.shapes.truth import LABELS, event_name, phrase, steady_times

FRAME_TYPES = ("exists", "colour", "shape", "count", "place")
TIME_TYPES = ("direction", "order", "when", "changes", "count_video", "sound")
TYPES = FRAME_TYPES + TIME_TYPES
ANSWERS = {  # what a one-frame question can be answered with
    "exists": ("yes", "no"),
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "count": tuple(str(n) for n in range(MAX_OBJECTS + 1)),
    "place": PLACES,
}
PLACE_MARGIN = 0.06
_VERBS = {
    "appears": "appear",
    "vanishes": "vanish",
    "changes colour": "change colour",
    "stops": "stop",
    "turns": "turn",
    "meets": "meet",
}


def frame_questions(
    scene: Scene,
    t_s: float,
    rng: np.random.Generator,
    balance: Balance | None = None,
    *,
    types: Sequence[str] = FRAME_TYPES,
) -> list[WorldQuestion]:
    """One question of each of the one-frame `types` that the frame at `t_s` allows.

    `balance` kept over many calls evens out the answers of all of them.
    """
    balance = balance or Balance()
    drawn = (balance.draw(list(_FRAME[kind](scene, t_s)), rng) for kind in types)
    return [q for q in drawn if q]


def video_questions(
    scene: Scene, rng: np.random.Generator, balance: Balance | None = None
) -> list[WorldQuestion]:
    """One question of every type that needs time or sound and that the scene allows."""
    balance = balance or Balance()
    drawn = (balance.draw(list(_TIME[kind](scene, rng)), rng) for kind in TIME_TYPES)
    return [q for q in drawn if q]


def questions(
    scene: Scene, rng: np.random.Generator, balance: Balance | None = None, *, per_type: int = 1
) -> list[WorldQuestion]:
    """Up to `per_type` different questions of each of `TYPES`.

    The one-frame ones at seconds where nothing changes.
    """
    balance = balance or Balance()
    found: dict[tuple, WorldQuestion] = {}
    times = steady_times(scene)
    for _ in range(per_type):
        for kind in FRAME_TYPES:
            at = rng.choice(times, size=min(4, len(times)), replace=False)
            q = balance.draw([q for t in at for q in _FRAME[kind](scene, float(t))], rng)
            if q:
                found.setdefault((q.text, q.time_s), q)
        for q in video_questions(scene, rng, balance):
            found.setdefault((q.text, None), q)
    return list(found.values())


def vocabulary() -> list[str]:
    """Every word of the one-frame questions and their answers, sorted."""
    known = [
        *LABELS,
        *(f"{shape}s" for shape in SHAPES),
        *(a for answers in ANSWERS.values() for a in answers),
    ]
    asked = "is there a an what colour shape the object objects how many are where"
    return sorted(set(" ".join([asked, *known]).split()))


def _frame_question(scene: Scene, t_s: float, kind: str, text: str, answer: str) -> WorldQuestion:
    return WorldQuestion(text, answer, kind, (_calm(scene, t_s),), ANSWERS[kind], t_s)


def _calm(scene: Scene, t_s: float) -> tuple[float, float]:
    """The seconds between the event before `t_s` and the one after."""
    edges = [0.0, *(e.t_s for e in scene.events), DURATION_S]
    return max(e for e in edges if e <= t_s), min(e for e in edges if e > t_s)


def _exists(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    seen = scene.at(t_s)
    names, colours, shapes = (
        {s.name for s in seen},
        {s.colour for s in seen},
        {s.shape for s in seen},
    )
    for name in LABELS:
        colour, shape = name.split()
        if (
            name in names or not seen or colour in colours or shape in shapes
        ):  # a no that needs a close look
            article = "an" if name[0] in "aeiou" else "a"
            yield _frame_question(
                scene,
                t_s,
                "exists",
                f"is there {article} {name}?",
                "yes" if name in names else "no",
            )


def _colour(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    shapes = Counter(s.shape for s in scene.at(t_s))
    for s in scene.at(t_s):
        if shapes[s.shape] == 1:
            yield _frame_question(scene, t_s, "colour", f"what colour is the {s.shape}?", s.colour)


def _shape(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    colours = Counter(s.colour for s in scene.at(t_s))
    for s in scene.at(t_s):
        if colours[s.colour] == 1:
            yield _frame_question(
                scene, t_s, "shape", f"what shape is the {s.colour} object?", s.shape
            )


def _count(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    shapes = Counter(s.shape for s in scene.at(t_s))
    yield _frame_question(scene, t_s, "count", "how many objects are there?", str(shapes.total()))
    for shape in SHAPES:
        yield _frame_question(
            scene, t_s, "count", f"how many {shape}s are there?", str(shapes[shape])
        )


def _place(scene: Scene, t_s: float) -> Iterator[WorldQuestion]:
    for s in scene.at(t_s):
        if place := place_of(s.x, s.y, margin=PLACE_MARGIN):
            span = _stay(scene, s.actor, place, t_s)
            yield WorldQuestion(f"where is the {s.name}?", place, "place", (span,), PLACES, t_s)


def _stay(scene: Scene, actor: int, place: str, t_s: float) -> tuple[float, float]:
    """The part of the calm seconds around `t_s` in which the actor is in that quarter.

    To a tenth of a second.
    """
    start_s, end_s = _calm(scene, t_s)
    grid = np.arange(start_s, end_s, 0.1)
    here = np.array(
        [place_of(x, y) == place for x, y in zip(*scene.actors[actor].position(grid), strict=True)]
    )
    before, after = grid[~here & (grid <= t_s)], grid[~here & (grid > t_s)]
    return (
        round(float(before[-1]) + 0.1, 1) if len(before) else start_s,
        round(float(after[0]), 1) if len(after) else end_s,
    )


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


_FRAME = {"exists": _exists, "colour": _colour, "shape": _shape, "count": _count, "place": _place}
_TIME = {
    "direction": _direction,
    "order": _order,
    "when": _when,
    "changes": _changes,
    "count_video": _count_video,
    "sound": _sound,
}
