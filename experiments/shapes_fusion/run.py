"""A picture and a tone -> the moment at which both happen: each modality alone, then fused.

Every event of the shapes world sounds in the voice of the shape that causes it. The library is
every half second of many videos; a query is a caption of the frame after an event (`a red circle
and a blue star`) and a tone of its pitch, synthesised again at another loudness with noise. Right
is the half second of that video in which the event and its tone begin. The picture alone cannot
tell apart the many moments that show the same objects; the tone alone cannot tell apart the videos.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.command import (
    add_videos_and_seed,
    counted,
    percent,
    points,
    study_arguments,
    write_result,
)
from svqa.cli.progress import progress_bars
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.models.base import Encoder
from svqa.models.log_mel_encoder import LogMelEncoder
from svqa.models.zoo import load_set
from svqa.records import Progress, Segment
from svqa.shapes.render import mono, render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, TONE_S, VOICES_HZ
from svqa.shapes.truth import frame_caption
from svqa.temporal.fusion import create_multimodal_embedding, match
from svqa.temporal.log_mel import LOG_MEL_ID, log_mel_statistics, stretches

SEED = 90_601  # nothing was trained or chosen on it; the choices were made on 90_501
MOMENT_S, WIDTH_PX, RATE_HZ = 0.5, 128, 16000
AFTER_S = 0.2  # when an event is surely over
# of the query's tone; the videos' tones are three times as loud, without noise
LOUDNESS, NOISE = 0.1, 0.002
STRATEGIES = ("concat", "late")
ROWS = {
    "picture alone": ("visual",),
    "sound alone": ("audio",),
    "picture + sound": ("visual", "audio"),
}


@dataclass(frozen=True, eq=False)
class Library:
    """Every half second of some videos: `visual (N, D)`, `audio (N, 80)`, zeros where silent."""

    visual: np.ndarray
    audio: np.ndarray


@dataclass(frozen=True, eq=False)
class Query:
    """A caption and a tone to search by; `item` is the right row of the library."""

    video: int
    item: int
    text: str
    tone: np.ndarray


def run_fusion(
    encoder: Encoder, *, videos: int = 60, seed: int = SEED, progress: Progress | None = None
) -> EvalResult:
    """-> recall@1 over all moments; `lift`: what the sound adds to the picture, paired by query.

    `by_type` has every strategy, and the same queries asked of the right video alone.
    """
    library, queries = make_library(encoder, videos, seed, progress=progress)
    texts = encoder.encode_text([q.text for q in queries])
    groups = [q.video for q in queries]
    hits = {
        (strategy, row, where): _hits(library, queries, texts, strategy, modalities, where)
        for strategy in STRATEGIES
        for row, modalities in ROWS.items()
        for where in ("all videos", "the right video")
    }

    def figure(values):
        return bootstrap_over_groups(values, groups, seed)

    by_type = {
        f"{strategy}, {where}": {row: figure(hits[strategy, row, where]) for row in ROWS}
        for strategy in STRATEGIES
        for where in ("all videos", "the right video")
    }
    best = {row: hits["concat", row, "all videos"] for row in ROWS}
    metrics = {
        "recall@1": figure(best["picture + sound"]),
        "lift": figure(best["picture + sound"] - best["picture alone"]),
    }
    baselines = {row: {"recall@1": figure(best[row])} for row in ("picture alone", "sound alone")}
    fingerprint = {
        "world": "shapes",
        "seed": seed,
        "videos": videos,
        "moments": len(library.visual),
        "encoder": encoder.model_id,
        "sound": LOG_MEL_ID,
    }
    return EvalResult(len(queries), metrics, by_type, baselines, fingerprint)


def make_library(
    encoder: Encoder, videos: int, seed: int, *, progress: Progress | None = None
) -> tuple[Library, list[Query]]:
    """Half seconds of `videos` fresh videos, and a query for every event in them."""
    starts_s = np.arange(0, DURATION_S, MOMENT_S)
    moments = [Segment(float(t), float(t) + MOMENT_S) for t in starts_s]
    rng = np.random.default_rng([seed, 4])
    visual, audio, queries = [], [], []
    for video in counted(range(videos), "videos", progress):
        scene = scene_of(seed, video)
        visual.append(
            encoder.encode_frames(render(scene, starts_s + MOMENT_S / 2, width_px=WIDTH_PX).pixels)
        )
        audio.append(LogMelEncoder().encode_sound(stretches(mono(scene, rate_hz=RATE_HZ), moments)))
        for event in scene.events:
            item = video * len(moments) + int(event.t_s / MOMENT_S)
            text = frame_caption(scene, event.t_s + AFTER_S)
            queries.append(
                Query(video, item, text, example(VOICES_HZ[scene.actors[event.actor].voice], rng))
            )
    return Library(np.concatenate(visual), np.concatenate(audio)), queries


def example(pitch_hz: float, rng: np.random.Generator) -> np.ndarray:
    """-> (80,): the sound vector of a tone of this pitch, synthesised anew with noise."""
    t_s = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    tone = LOUDNESS * np.sin(2 * np.pi * pitch_hz * t_s) + NOISE * rng.standard_normal(len(t_s))
    return log_mel_statistics(tone, RATE_HZ)


def _hits(
    library: Library,
    queries: list[Query],
    texts: np.ndarray,
    strategy: str,
    modalities: tuple[str, ...],
    where: str,
) -> np.ndarray:
    """-> (Q,): whether the best row is the right one."""
    fused = create_multimodal_embedding(
        library.visual, audio=library.audio, fusion_strategy=strategy
    )
    of_video = round(DURATION_S / MOMENT_S)
    right = []
    for query, text in zip(queries, texts, strict=True):
        asked = {"visual": text, "audio": query.tone}
        scores = match(fused, **{name: asked[name] for name in modalities}).total
        first = query.video * of_video if where == "the right video" else 0
        last = first + of_video if where == "the right video" else len(scores)
        right.append(first + int(scores[first:last].argmax()) == query.item)
    return np.array(right, dtype=np.float64)


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    return (
        f"Picture and sound fused find the right one of {result['fingerprint']['moments']} moments "
        f"for {percent(result['recall@1'])} of {result['n']} queries; the sound adds "
        f"{points(result['lift'])} to the picture alone."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=100, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    encoder = load_set("shapes").encoder
    with progress_bars() as progress:
        result = run_fusion(encoder, videos=given.videos, seed=given.seed, progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
