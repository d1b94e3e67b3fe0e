"""What is seen, with an example of a tone -> the moment at which it happens while that tone sounds:
senses alone, then fused.

    python -m experiments.shapes_fusion.run --out experiments/shapes_fusion/result.json

Every event of the shapes world sounds in the voice of who does it. The library is every half second
of many videos; a query is what is seen when an event is over (`a red circle and a blue star`) and a
tone of its pitch, made anew at another loudness with noise. Right is the half second of that video
in which the event and its tone begin. The picture alone cannot tell the many moments at which the
same things are in sight; the tone alone cannot tell the videos.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from experiments.measurement import write_measured
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.models.base import Encoder
from svqa.models.log_mel_encoder import LogMelEncoder
from svqa.records import Segment
from svqa.shapes.render import mono, render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, TONE_S, VOICES_HZ
from svqa.shapes.truth import frame_caption
from svqa.temporal.fusion import create_multimodal_embedding, match
from svqa.temporal.log_mel import LOG_MEL_ID, log_mel_statistics, stretches

SEED = 90_601  # nothing was trained or chosen on it; the choices were made on 90_501
MOMENT_S, WIDTH_PX, RATE_HZ = 0.5, 128, 16000
AFTER_S = 0.2  # when an event is surely over
LOUDNESS, NOISE = (
    0.1,
    0.002,
)  # of the example; the videos' tones are three times as loud, without noise
STRATEGIES = ("concat", "late")
ROWS = {
    "picture alone": ("visual",),
    "sound alone": ("audio",),
    "picture + sound": ("visual", "audio"),
}


@dataclass(frozen=True, eq=False)
class Library:
    """Every half second of some videos: `visual (N, D)`, `audio (N, 80)`; zeros where it is
    silent.
    """

    visual: np.ndarray
    audio: np.ndarray


@dataclass(frozen=True, eq=False)
class Query:
    """What is looked for: words and a tone; `item` is the right row of the library."""

    video: int
    item: int
    text: str
    tone: np.ndarray


def run_fusion(encoder: Encoder, *, videos: int = 60, seed: int = SEED) -> EvalResult:
    """Recall@1 over all moments of all videos; `lift` is what the sound adds to the picture, paired
    by query.

    `by_type` has every strategy, and the same queries asked of the right video alone.
    """
    library, queries = make_library(encoder, videos, seed)
    texts = encoder.encode_text([q.text for q in queries])
    groups = [q.video for q in queries]
    hits = {
        (strategy, row, where): _hits(library, queries, texts, strategy, senses, where)
        for strategy in STRATEGIES
        for row, senses in ROWS.items()
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


def make_library(encoder: Encoder, videos: int, seed: int) -> tuple[Library, list[Query]]:
    """Half seconds of `videos` fresh videos, and a query for every event in them."""
    starts_s = np.arange(0, DURATION_S, MOMENT_S)
    moments = [Segment(float(t), float(t) + MOMENT_S) for t in starts_s]
    rng = np.random.default_rng([seed, 4])
    visual, audio, queries = [], [], []
    for video in range(videos):
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
    """-> (80,): the sound vector of a tone of this pitch, as somebody else would play it."""
    t_s = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    tone = LOUDNESS * np.sin(2 * np.pi * pitch_hz * t_s) + NOISE * rng.standard_normal(len(t_s))
    return log_mel_statistics(tone, RATE_HZ)


def _hits(
    library: Library,
    queries: list[Query],
    texts: np.ndarray,
    strategy: str,
    senses: tuple[str, ...],
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
        scores = match(fused, **{sense: asked[sense] for sense in senses}).total
        first = query.video * of_video if where == "the right video" else 0
        last = first + of_video if where == "the right video" else len(scores)
        right.append(first + int(scores[first:last].argmax()) == query.item)
    return np.array(right, dtype=np.float64)


def main() -> None:
    """The command line of this module."""
    from svqa.models.zoo import load_set

    write_measured(
        partial(run_fusion, load_set("shapes").encoder), about=__doc__, seed=SEED, videos=100
    )


if __name__ == "__main__":
    main()
