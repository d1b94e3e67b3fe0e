"""Questions about passing objects -> answers from the frame that retrieval chooses, beside others.

Videos of the shapes world are written, ingested and searched like any others. Questions are about
the colour, the shape and the presence of objects that are in sight for less than six of the eight
seconds, so that a wrong frame does not show them. All arms answer with the same model from one
frame: `frame level` is what `svqa ask` does (`svqa.pipeline.frame_selection`), `middle of the
segment` takes the best segment's middle, `middle of the video` searches nothing, `random frame` is
one of those stored.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
from svqa.media import Sampling, read_frames
from svqa.metrics.results import EvalResult, bootstrap_over_groups, figures_by_type
from svqa.pipeline.frame_selection import frames_to_show
from svqa.pipeline.library import Library, open_library
from svqa.pipeline.question_evidence import HITS
from svqa.pipeline.search import search
from svqa.records import Progress, Question
from svqa.shapes.render import write_mp4
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, Actor, Scene

SEED = 90_651  # nothing was trained or chosen on it; the choices were made on 779
TYPES = ("colour", "shape", "exists")
LONGEST_S = 6.0
METHOD, BASELINES = "frame level", ("middle of the segment", "middle of the video", "random frame")


@dataclass(frozen=True)
class PassingObjectQuestion:
    """A question about an object that is in sight in `seen` only."""

    type: str
    text: str
    answer: str
    seen: tuple[float, float]


def run_frame_selection(
    *, videos: int = 200, seed: int = SEED, progress: Progress | None = None
) -> EvalResult:
    """-> share of right answers and of frames that show the object, by arm and type of question."""
    scenes, rng = [scene_of(seed, i) for i in range(videos)], np.random.default_rng([seed, 4])
    right: dict[str, list[float]] = {name: [] for name in (METHOD, *BASELINES)}
    shown: dict[str, list[float]] = {name: [] for name in right}
    asked: list[tuple[int, PassingObjectQuestion]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_library(f"sqlite:///{folder}/svqa.db", models="shapes") as library,
    ):
        for number, scene in enumerate(counted(scenes, "videos", progress)):
            path = Path(folder) / f"{number}.mp4"
            write_mp4(scene, path)
            (report,) = library.ingest(path)
            for question in passing_questions(scene):
                asked.append((number, question))
                for name, t_s in _frame_times(library, report.video, question.text, rng).items():
                    frames = read_frames(path, Sampling.at([t_s]), size_px=None)
                    said = library.models.answerer.answer(Question(question.text), [], frames).text
                    right[name].append(float(said == question.answer))
                    shown[name].append(float(question.seen[0] <= t_s < question.seen[1]))
        model_ids = dict(library.models.model_ids)
    groups, types = [number for number, _ in asked], [question.type for _, question in asked]
    by_type = {
        name: figures_by_type(values, groups, types, seed, metric=name)
        for name, values in right.items()
    }
    fingerprint = {
        "world": "shapes",
        "seed": seed,
        "videos": videos,
        "every_s": 0.5,
        "models": model_ids,
    }
    return EvalResult(
        len(asked),
        {
            METHOD: bootstrap_over_groups(right[METHOD], groups, seed),
            "shows the thing": bootstrap_over_groups(shown[METHOD], groups, seed),
        },
        {kind: by_type[METHOD][kind] for kind in TYPES},
        {
            name: {
                "all": bootstrap_over_groups(right[name], groups, seed),
                "shows the thing": bootstrap_over_groups(shown[name], groups, seed),
                **{kind: by_type[name][kind][name] for kind in TYPES},
            }
            for name in BASELINES
        },
        fingerprint,
    )


def passing_questions(scene: Scene) -> Iterator[PassingObjectQuestion]:
    """About every object that is in sight for less than `LONGEST_S` and keeps its colour."""
    for actor in scene.actors:
        start_s, end_s = actor.span
        if end_s - start_s >= LONGEST_S or len(actor.colours) > 1:
            continue
        name = actor.name_at(start_s)
        colour, _ = name.split()
        article = "an" if name[0] in "aeiou" else "a"
        yield PassingObjectQuestion("exists", f"is there {article} {name}?", "yes", actor.span)
        if sum(other.shape == actor.shape for other in scene.actors) == 1:
            yield PassingObjectQuestion(
                "colour", f"what colour is the {actor.shape}?", colour, actor.span
            )
        if sum(colour in _colours(other) for other in scene.actors) == 1:
            yield PassingObjectQuestion(
                "shape", f"what shape is the {colour} object?", actor.shape, actor.span
            )


def _colours(actor: Actor) -> set[str]:
    return {colour for _, colour in actor.colours}


def _frame_times(
    library: Library, video: str, text: str, rng: np.random.Generator
) -> dict[str, float]:
    """-> by arm, the second of the frame that is answered from."""
    hits = search(library.store, library.models, text, videos=[video], k=HITS, cache=library.cache)
    shown = frames_to_show(library.store, library.models, text, hits, cache=library.cache)
    return {
        METHOD: max(shown, key=lambda t_s: shown[t_s].score),
        "middle of the segment": (hits[0].start_s + hits[0].end_s) / 2,
        "middle of the video": DURATION_S / 2,
        "random frame": float(rng.choice(library.store.frame_times(video))),
    }


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    arms = {name: percent(figures["all"]) for name, figures in result["baselines"].items()}
    return (
        f"Answers from the frame that the frame level chooses are right for "
        f"{percent(result[METHOD])} of {result['n']} questions, from the segment's middle for "
        f"{arms['middle of the segment']}, from a random frame for {arms['random frame']}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_videos_and_seed(parser, videos=200, seed=SEED)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_frame_selection(videos=given.videos, seed=given.seed, progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
