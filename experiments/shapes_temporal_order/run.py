"""Videos and their reverses -> whether a vector knows the arrow of time; pooled means beside it.

Two tests. *Filmed again*: every video is rendered a second time, before another background and at
other instants; among all second renderings and their reverses, is the nearest one the same motion?
*Other things*: one shape moves; among other shapes that move along the same line, does the nearest
one move in the same direction? A mean of frames cannot tell a video from its reverse, so it can
only guess: equal neighbours count in equal shares.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.command import (
    add_videos_and_seed,
    counted,
    percent,
    study_arguments,
    write_result,
)
from svqa.cli.progress import progress_bars
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.models.base import Detector, Encoder
from svqa.models.zoo import load_set
from svqa.records import Progress
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
class RenderedVideos:
    """`frames` {kind of vector: (N, T, D)} of N videos; `directions`: one each, or ""."""

    frames: dict[str, np.ndarray]
    directions: tuple[str, ...]


def run_order(
    encoder: Encoder,
    detector: Detector,
    *,
    videos: int = 200,
    seed: int = SEED,
    progress: Progress | None = None,
) -> EvalResult:
    """-> share of videos whose nearest neighbour runs the same way, for both tests and vectors.

    `metrics` are those of the order-aware vector, `baselines` the mean's and the order-aware
    vector's of shuffled frames. Intervals over videos. `seed` must be one that nothing was chosen
    on.
    """
    first, again = render_twice(encoder, detector, videos, seed, progress=progress)
    movers = render_movers(encoder, detector, videos, seed, progress=progress)
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
                here(movers.frames[kind]), movers.frames[kind], movers.directions, pool
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
        len(movers.directions),
        figures.pop("order-aware"),
        baselines=figures,
        fingerprint=fingerprint,
    )


def render_twice(
    encoder: Encoder,
    detector: Detector,
    videos: int,
    seed: int,
    *,
    progress: Progress | None = None,
) -> tuple[RenderedVideos, RenderedVideos]:
    """Videos in which something moves or happens, and the same in another look and phase."""
    scenes = [scene_of(seed, i) for i in range(videos)]
    scenes = [s for s in scenes if s.events or any(heading(a) for a in s.actors)]
    rng = np.random.default_rng([seed, 1])
    others = [replace(s, look=sample_look(rng)) for s in scenes]
    still = ("",) * len(scenes)
    return (
        RenderedVideos(_vectors(encoder, detector, scenes, 0.0, "first", progress), still),
        RenderedVideos(_vectors(encoder, detector, others, EVERY_S / 2, "again", progress), still),
    )


def render_movers(
    encoder: Encoder,
    detector: Detector,
    videos: int,
    seed: int,
    *,
    progress: Progress | None = None,
) -> RenderedVideos:
    """One shape a video, on a straight line in one of four directions, the rest drawn at random."""
    drawn = [_mover(np.random.default_rng([seed, 2, i])) for i in range(videos)]
    scenes, directions = zip(*drawn, strict=True)
    return RenderedVideos(
        _vectors(encoder, detector, scenes, 0.0, "one shape", progress), directions
    )


def found_again(first: np.ndarray, again: np.ndarray, pool: Pool) -> np.ndarray:
    """(N, T, D) twice -> (N,): whether the nearest of `again` and its reverses is one's own."""
    queries = _unit(first, pool)
    scores = queries @ np.concatenate([_unit(again, pool), _unit(again[:, ::-1], pool)]).T
    right = np.zeros(scores.shape, bool)
    np.fill_diagonal(right, True)
    return _share_of_best(scores, right)


def same_way(
    queries: np.ndarray, films: np.ndarray, directions: Sequence[str], pool: Pool
) -> np.ndarray:
    """(N, T, D) -> (N,): whether the nearest other film on the same line moves the same way."""
    count, way = len(directions), np.array(directions)
    back = np.array([OPPOSITE[d] for d in directions])
    towards = np.concatenate([way, back])
    scores = (
        _unit(queries, pool) @ np.concatenate([_unit(films, pool), _unit(films[:, ::-1], pool)]).T
    )
    right = towards[None] == way[:, None]
    allowed = right | (towards[None] == back[:, None])
    allowed &= np.arange(2 * count)[None] % count != np.arange(count)[:, None]
    return _share_of_best(np.where(allowed, scores, -np.inf), right)


def _share_of_best(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    best = scores >= scores.max(axis=1, keepdims=True) - _SAME
    return (best & right).sum(axis=1) / best.sum(axis=1)


def _vectors(
    encoder: Encoder,
    detector: Detector,
    scenes: Sequence[Scene],
    phase_s: float,
    what: str,
    progress: Progress | None,
) -> dict[str, np.ndarray]:
    t_s = np.arange(phase_s, DURATION_S, EVERY_S)
    seen, placed = [], []
    for scene in counted(scenes, what, progress):
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


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    mean = result["baselines"]["mean"]["filmed again, CLIP"]
    return (
        f"The order-aware vector is nearer to the same motion than to its reverse for "
        f"{percent(result['filmed again, CLIP'])} of {result['filmed again, CLIP']['n']} videos, "
        f"the mean of the same frame vectors for {percent(mean)}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=200, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    models = load_set("shapes")
    with progress_bars() as progress:
        result = run_order(
            models.encoder,
            models.detector,
            videos=given.videos,
            seed=given.seed,
            progress=progress,
        )
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
