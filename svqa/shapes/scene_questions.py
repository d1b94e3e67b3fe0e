"""Scene -> questions with answer, type and the seconds that hold the evidence.

One-frame types are asked about the frame at `time_s`; the others need several frames, or the sound.
Answers are balanced as they are drawn, so that whoever does not look gains little;
`balance.baselines` says how little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.shapes.balance import Balance, WorldQuestion
from svqa.shapes.one_frame_questions import FRAME_TYPES, ask_frame
from svqa.shapes.scene import Scene
from svqa.shapes.time_questions import TIME_TYPES, ask_video
from svqa.shapes.truth import steady_times

TYPES = FRAME_TYPES + TIME_TYPES


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
    drawn = (balance.draw(ask_frame(kind, scene, t_s), rng) for kind in types)
    return [q for q in drawn if q]


def video_questions(
    scene: Scene, rng: np.random.Generator, balance: Balance | None = None
) -> list[WorldQuestion]:
    """One question of every type that needs time or sound and that the scene allows."""
    balance = balance or Balance()
    drawn = (balance.draw(ask_video(kind, scene, rng), rng) for kind in TIME_TYPES)
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
            q = balance.draw([q for t in at for q in ask_frame(kind, scene, float(t))], rng)
            if q:
                found.setdefault((q.text, q.time_s), q)
        for q in video_questions(scene, rng, balance):
            found.setdefault((q.text, None), q)
    return list(found.values())
