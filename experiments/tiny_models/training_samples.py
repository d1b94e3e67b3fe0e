"""A seeded generator -> training samples of a small BLIP: pictures, labels, captions, questions.

Three kinds of picture: a `crowd` of up to ten still shapes (many labels for the price of one
picture), a `frame` of a video, and a `grid` of four frames of a video in time order. Questions
about a grid name the frame they ask about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.tiny_models.views import picture
from svqa.models.frame_strategies import frame_grid
from svqa.shapes.balance import Balance
from svqa.shapes.one_frame_questions import FRAME_TYPES
from svqa.shapes.sampling import sample_scene, sample_still
from svqa.shapes.scene import COLOURS, DURATION_S, SHAPES, SIZES, Actor, Scene, Sighting
from svqa.shapes.scene_questions import frame_questions, questions
from svqa.shapes.truth import frame_caption, steady_times

SIZE_PX = 96
PATCHES = 8  # a side; a cell of the 2 x 2 grid holds 4 x 4 whole patches
ORDINALS = ("first", "second", "third", "fourth")
CROWD = 10
GAP = 0.03  # free space between the shapes of a crowd


@dataclass(frozen=True)
class TrainingSample:
    """A picture `(96, 96, 3) uint8` with labels of its patches, counts, a caption and questions.

    `patches (3, 8, 8) int64`: 1 + index in `SHAPES`, 1 + index in `COLOURS` of what covers a patch,
    1 + index in `SHAPES` of what has its centre there; 0 where nothing is. `counts`: `how_many` of
    a frame, None of other pictures.
    """

    pixels: np.ndarray
    patches: np.ndarray
    counts: tuple[int, ...] | None = None
    caption: str = ""
    asked: tuple[tuple[str, str], ...] = ()


def crowd(rng: np.random.Generator, balance: Balance) -> TrainingSample:
    """Up to ten still shapes, without caption or questions."""
    placed: list[tuple[float, float, float]] = []
    actors = []
    kinds = list(SIZES), SHAPES, list(COLOURS)
    for _ in range(6 * CROWD):
        size, shape, colour = (names[rng.integers(len(names))] for names in kinds)
        radius = SIZES[size]
        x, y = rng.uniform(radius + 0.01, 0.99 - radius, 2)
        if len(actors) < CROWD and all(
            np.hypot(x - px, y - py) > radius + pr + GAP for px, py, pr in placed
        ):
            placed.append((x, y, radius))
            actors.append(
                Actor(shape, size, "low", ((0.0, colour),), ((0.0, x, y), (DURATION_S, x, y)))
            )
    scene = Scene(tuple(actors), (), sample_still(rng, objects=1).look)
    return TrainingSample(picture(scene, 0.0, SIZE_PX), patch_labels(scene.at(0.0), PATCHES))


def frames(
    rng: np.random.Generator,
    balance: Balance,
    *,
    rounds: int = 2,
    types: Sequence[str] = FRAME_TYPES,
    more: Sequence[str] = (),
    worn: bool = False,
) -> list[TrainingSample]:
    """One still scene and two moments of a moving one, with `rounds` questions of each type.

    Questions of `types` are held back by `balance` where their answer is frequent, those of `more`
    are not. With `worn`, pictures are scaled in any of four ways and half of them recoded, as
    frames of files are.
    """
    moving = sample_scene(rng)
    moments = [(sample_still(rng), 0.0)]
    moments += [(moving, float(t_s)) for t_s in rng.choice(steady_times(moving), 2, replace=False)]
    samples = []
    for scene, t_s in moments:
        seen = scene.at(t_s)
        drawn = [
            q for _ in range(rounds) for q in frame_questions(scene, t_s, rng, balance, types=types)
        ]
        drawn += [q for _ in range(rounds) for q in frame_questions(scene, t_s, rng, types=more)]
        samples.append(
            TrainingSample(
                picture(scene, t_s, SIZE_PX, worn=rng if worn else None),
                patch_labels(seen, PATCHES),
                how_many(seen),
                frame_caption(scene, t_s),
                tuple((q.text, q.answer) for q in drawn),
            )
        )
    return samples


def grid(
    rng: np.random.Generator, balance: Balance, *, rounds: int = 1, worn: bool = False
) -> TrainingSample:
    """Four evenly spaced frames of a moving scene, with questions about each by its name.

    `worn`: as in `frames`.
    """
    scene = sample_scene(rng)
    times = (np.arange(4) + rng.random()) * DURATION_S / 4
    cells = np.stack(
        [picture(scene, t_s, SIZE_PX // 2, worn=rng if worn else None) for t_s in times]
    )
    labels = np.stack([patch_labels(scene.at(t_s), PATCHES // 2) for t_s in times])
    asked = tuple(
        (in_frame(q.text, cell), q.answer)
        for _ in range(rounds)
        for cell, t_s in enumerate(times)
        for q in frame_questions(scene, float(t_s), rng, balance)
    )
    patches = frame_grid(labels.transpose(0, 2, 3, 1), columns=2).transpose(2, 0, 1)
    return TrainingSample(frame_grid(cells, columns=2), patches, asked=asked)


def in_frame(text: str, cell: int) -> str:
    """A question about one frame -> the same about the `cell`-th frame of a grid.

    >>> in_frame("how many stars are there?", 1)
    'in the second frame: how many stars are there?'
    """
    return f"in the {ORDINALS[cell]} frame: {text}"


def patch_labels(seen: Sequence[Sighting], side: int) -> np.ndarray:
    """-> (3, side, side) int64: shape and colour covering a patch, shape centred in it; 0 none."""
    labels = np.zeros((3, side, side), np.int64)
    centre = (np.arange(side) + 0.5) / side
    for s in seen:
        inside = np.hypot(centre[None, :] - s.x, centre[:, None] - s.y) < 0.8 * s.radius
        middle = min(int(s.y * side), side - 1), min(int(s.x * side), side - 1)
        inside[middle] = True
        labels[:2, inside] = np.array(
            [[1 + SHAPES.index(s.shape)], [1 + list(COLOURS).index(s.colour)]]
        )
        labels[2][middle] = 1 + SHAPES.index(s.shape)
    return labels


def how_many(seen: Sequence[Sighting]) -> tuple[int, ...]:
    """Of each of `SHAPES` how many are seen, then how many in all."""
    return (*(sum(s.shape == shape for s in seen) for shape in SHAPES), len(seen))


def corpus(*, scenes: int = 400, seed: int = 0) -> list[str]:
    """Sentences with every word the world uses: what the tokenizer is trained on."""
    rng = np.random.default_rng(seed)
    texts = [in_frame("", cell) for cell in range(4)] + [
        frame_caption(Scene((), (), sample_still(rng).look), 0.0)
    ]
    for _ in range(scenes):
        scene = sample_scene(rng)
        texts.append(frame_caption(scene, 1.0))
        for q in questions(scene, rng):
            texts += [q.text, q.answer, *q.options]
    return texts


def make(kind: Callable, count: int, *, seed: int, **how) -> list[TrainingSample]:
    """-> `count` samples of one kind (`crowd`, `frames`, `grid`), the same for the same seed."""
    rng, balance = (
        np.random.default_rng([seed, ("crowd", "frames", "grid").index(kind.__name__)]),
        Balance(),
    )
    samples: list[TrainingSample] = []
    while len(samples) < count:
        made = kind(rng, balance, **how)
        samples += made if isinstance(made, list) else [made]
    return samples[:count]
