"""Shapes videos and their reverses -> whether a vector knows which way time runs; pooled means
beside it.

python -m experiments.shapes_temporal_order.run --out experiments/shapes_temporal_order/result.json

Two tests. *Filmed again*: every video is drawn a second time, before another background and at
other instants; among all second films and their reverses, is the nearest one the same motion?
*Other things*: one shape moves; among other shapes that move along the same line, does the nearest
one move the same way? A mean of frames sees no difference between a film and its reverse, so it can
only guess: equal neighbours count in equal shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from experiments.measurement import write_measured
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.models.base import Detector, Encoder
from svqa.shapes.render import render
from svqa.shapes.sampling import sample_look, sample_still, scene_of
from svqa.shapes.scene import DIRECTIONS, DURATION_S, SIZES, Actor, Scene, heading
from svqa.temporal.spatial_maps import layout_vectors
from svqa.temporal.windows import order_aware

SEED = 90_401  # no training and no choice was made on it
EVERY_S, WIDTH_PX = 0.5, 128
OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}
VECTORS = ("CLIP", "layout")  # what a frame is turned into before it is pooled over time
# cosines closer than this are one: float32 noise of the same frames added in another order
_SAME = 1e-5

Pool = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Films:
    """`frames` {kind of vector: (N, T, D)} of N videos, and which way each moves ("" where that is
    not asked).
    """

    frames: dict[str, np.ndarray]
    ways: tuple[str, ...]


def run_order(
    encoder: Encoder, detector: Detector, *, videos: int = 200, seed: int = SEED
) -> EvalResult:
    """Share of videos whose nearest neighbour runs the same way; `by_type` has both tests for both
    kinds of vectors.

    `metrics` are those of the order-aware vector, `baselines` the mean's and the order-aware vector's
    of shuffled frames. Intervals over videos. `seed` must be one that nothing was chosen on.
    """
    first, again = film_twice(encoder, detector, videos, seed)
    movers = film_movers(encoder, detector, videos, seed)
    shuffle = _shuffled(np.random.default_rng(seed))
    rows: dict[str, dict[str, np.ndarray]] = {"order-aware": {}, "mean": {}, "shuffled frames": {}}
    for kind in VECTORS:
        for name, pool in (
            ("order-aware", order_aware),
            ("mean", _mean),
            ("shuffled frames", order_aware),
        ):
            here = shuffle if name == "shuffled frames" else lambda frames: frames
            rows[name][f"filmed again, {kind}"] = found_again(
                here(first.frames[kind]), again.frames[kind], pool
            )
            rows[name][f"other things, {kind}"] = same_way(
                here(movers.frames[kind]), movers.frames[kind], movers.ways, pool
            )
    figures = {
        name: {
            test: bootstrap_over_groups(right, range(len(right)), seed)
            for test, right in tests.items()
        }
        for name, tests in rows.items()
    }
    fingerprint = {
        "world": "shapes",
        "seed": seed,
        "videos": videos,
        "every_s": EVERY_S,
        "encoder": encoder.model_id,
        "detector": detector.model_id,
    }
    return EvalResult(
        len(movers.ways), figures.pop("order-aware"), baselines=figures, fingerprint=fingerprint
    )


def film_twice(encoder: Encoder, detector: Detector, videos: int, seed: int) -> tuple[Films, Films]:
    """Videos of the shapes world in which something moves or happens, and the same again in another
    look and phase.
    """
    scenes = [scene_of(seed, i) for i in range(videos)]
    scenes = [s for s in scenes if s.events or any(heading(a) for a in s.actors)]
    rng = np.random.default_rng([seed, 1])
    others = [replace(s, look=sample_look(rng)) for s in scenes]
    still = ("",) * len(scenes)
    return (
        Films(_vectors(encoder, detector, scenes, 0.0), still),
        Films(_vectors(encoder, detector, others, EVERY_S / 2), still),
    )


def film_movers(encoder: Encoder, detector: Detector, videos: int, seed: int) -> Films:
    """One shape a video on one straight line in one of the four directions, everything else drawn
    at random.
    """
    drawn = [_mover(np.random.default_rng([seed, 2, i])) for i in range(videos)]
    return Films(
        _vectors(encoder, detector, [s for s, _ in drawn], 0.0), tuple(way for _, way in drawn)
    )


def found_again(first: np.ndarray, again: np.ndarray, pool: Pool) -> np.ndarray:
    """(N, T, D) twice -> (N,): whether among all second films and their reverses the nearest one is
    one's own.
    """
    queries = _unit(first, pool)
    scores = queries @ np.concatenate([_unit(again, pool), _unit(again[:, ::-1], pool)]).T
    right = np.zeros(scores.shape, bool)
    np.fill_diagonal(right, True)
    return _share_of_best(scores, right)


def same_way(queries: np.ndarray, films: np.ndarray, ways: Sequence[str], pool: Pool) -> np.ndarray:
    """(N, T, D) of N films and their directions -> (N,): whether the nearest other film on the same
    line goes that way.
    """
    count, way = len(ways), np.array(ways)
    towards = np.concatenate([way, np.array([OPPOSITE[w] for w in ways])])
    scores = (
        _unit(queries, pool) @ np.concatenate([_unit(films, pool), _unit(films[:, ::-1], pool)]).T
    )
    right = towards[None] == way[:, None]
    allowed = right | (towards[None] == np.array([OPPOSITE[w] for w in ways])[:, None])
    allowed &= np.arange(2 * count)[None] % count != np.arange(count)[:, None]
    return _share_of_best(np.where(allowed, scores, -np.inf), right)


def _share_of_best(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    best = scores >= scores.max(axis=1, keepdims=True) - _SAME
    return (best & right).sum(axis=1) / best.sum(axis=1)


def _vectors(
    encoder: Encoder, detector: Detector, scenes: Sequence[Scene], phase_s: float
) -> dict[str, np.ndarray]:
    t_s = np.arange(phase_s, DURATION_S, EVERY_S)
    seen, placed = [], []
    for scene in scenes:
        frames = render(scene, t_s, width_px=WIDTH_PX)
        seen.append(encoder.encode_frames(frames.pixels))
        placed.append(
            layout_vectors(
                detector.detect(frames), frames.t_s, width_px=WIDTH_PX, height_px=WIDTH_PX
            )
        )
    return dict(zip(VECTORS, (np.array(seen), np.array(placed)), strict=True))


def _mover(rng: np.random.Generator) -> tuple[Scene, str]:
    still = sample_still(rng, objects=1)
    (actor,) = still.actors
    way = list(DIRECTIONS)[rng.integers(len(DIRECTIONS))]
    step = np.array(DIRECTIONS[way]) * rng.uniform(0.3, 0.6)
    room = SIZES[actor.size] + 0.01
    low, high = room - np.minimum(0, step), 1 - room - np.maximum(0, step)
    start = low + rng.random(2) * (high - low)
    path = ((0.0, *start.tolist()), (DURATION_S, *(start + step).tolist()))
    return Scene(
        (Actor(actor.shape, actor.size, actor.voice, actor.colours, path),), (), still.look
    ), way


def _unit(films: np.ndarray, pool: Pool) -> np.ndarray:
    rows = np.stack([pool(frames) for frames in films])
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _mean(frames: np.ndarray) -> np.ndarray:
    return frames.mean(axis=0)


def _shuffled(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    return lambda films: np.stack([frames[rng.permutation(len(frames))] for frames in films])


def main() -> None:
    """The command line of this module."""
    from svqa.models.zoo import load_set

    models = load_set("shapes")
    write_measured(partial(run_order, models.encoder, models.detector), about=__doc__, seed=SEED)


if __name__ == "__main__":
    main()
