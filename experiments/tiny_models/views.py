"""Random generator -> (scene, second) pairs and their pictures, for training without any file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from svqa.shapes.render import render_pixels
from svqa.shapes.sampling import sample_crowd, sample_look, sample_scene, sample_still
from svqa.shapes.scene import COLOURS, SHAPES, Scene, events_of
from svqa.shapes.truth import steady_times

View = tuple[Scene, float]
# what videos of the world are drawn at; pictures are scaled down from it like any video's frames
VIDEO_PX = 128
SCALERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def scene_pool(rng: np.random.Generator, count: int) -> list[Scene]:
    """Moving scenes to take many views from: to draw a scene costs far more than a frame of it."""
    return [sample_scene(rng) for _ in range(count)]


def draw_views(
    rng: np.random.Generator, count: int, *, pool: Sequence[Scene] = (), objects: int | None = None
) -> list[View]:
    """`count` views: half of them calm moments of `pool`, the others (or all) still scenes."""
    views = []
    for _ in range(count):
        if pool and rng.random() < 0.5:
            scene = pool[rng.integers(len(pool))]
            times = steady_times(scene)
            views.append((scene, times[rng.integers(len(times))]))
        else:
            views.append((sample_still(rng, objects=objects), 0.0))
    return views


def draw_crowds(rng: np.random.Generator, count: int) -> list[View]:
    """`count` views of ten still shapes or fewer."""
    return [(sample_crowd(rng), 0.0) for _ in range(count)]


def view_pixels(views: Sequence[View], rng: np.random.Generator, *, width_px: int) -> np.ndarray:
    """-> (N, width, width, 3) uint8, each a `worn` picture."""
    return np.stack([picture(scene, t_s, width_px, worn=rng) for scene, t_s in views])


def picture(
    scene: Scene, t_s: float, size_px: int, *, worn: np.random.Generator | None = None
) -> np.ndarray:
    """-> (size, size, 3) uint8, drawn at a video's size and scaled down, like a decoded frame.

    With a generator as `worn` it is scaled in any of four ways, and half of the pictures go through
    JPEG, which smears colours as video does.
    """
    drawn = render_pixels(scene, t_s, width_px=VIDEO_PX, height_px=VIDEO_PX)
    if worn is None:
        return cv2.resize(drawn, (size_px, size_px), interpolation=cv2.INTER_AREA)
    small = cv2.resize(
        drawn, (size_px, size_px), interpolation=SCALERS[worn.integers(len(SCALERS))]
    )
    if worn.random() < 0.5:
        return small
    # stays RGB: both ways name the channels alike
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(worn.integers(60, 96))]
    return cv2.imdecode(cv2.imencode(".jpg", small, quality)[1], cv2.IMREAD_COLOR)


def recast(scene: Scene, rng: np.random.Generator) -> Scene:
    """The same motion in other colours and shapes, mirrored or not, on another background."""
    colour = dict(zip(COLOURS, rng.permutation(list(COLOURS)).tolist(), strict=True))
    shape = dict(zip(SHAPES, rng.permutation(SHAPES).tolist(), strict=True))
    across, down = rng.random(2) < 0.5
    actors = tuple(
        replace(
            actor,
            shape=shape[actor.shape],
            colours=tuple((t_s, colour[c]) for t_s, c in actor.colours),
            path=tuple(
                (t_s, 1 - x if across else x, 1 - y if down else y) for t_s, x, y in actor.path
            ),
        )
        for actor in scene.actors
    )
    return Scene(actors, events_of(actors), sample_look(rng))
