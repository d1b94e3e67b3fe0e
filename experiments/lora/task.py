"""Seed -> question files of the shapes world: time, asked of frame grids; single frames, as replay.

Every video gives one grid of four frames (`video-grid.png`, at the seconds that `FrameGrid` would
take) with questions about direction, order and changes, and one plain frame with one-frame
questions: what a model learnt before, and may forget. Pictures are drawn, not decoded, so that
thousands take a minute.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from experiments.tiny_models.training_samples import SIZE_PX
from experiments.tiny_models.views import picture
from svqa.models.frame_strategies import frame_grid
from svqa.shapes.balance import Balance
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, Scene
from svqa.shapes.scene_questions import frame_questions, video_questions
from svqa.shapes.truth import steady_times
from svqa.training.feature_cache import COLUMNS, grid_times

LEARNT = ("direction", "order", "changes")  # what the fine-tuning is about
KEPT = ("exists", "colour", "shape", "count", "place")  # what must not be forgotten


def write_task(
    folder: str | Path,
    *,
    seed: int,
    videos: int,
    rounds: int = 3,
    replay: bool = True,
    replay_every: int = 1,
) -> Path:
    """Write pictures of `videos` videos of `seed` and `questions.jsonl` about them -> its path.

    `rounds`: how often a question of every type of `LEARNT` is drawn, and as often one of every
    type of `KEPT`, unless `replay` is False; `replay_every`: of every so many videos one gives a
    plain frame. The same arguments give the same file.

    >>> path = write_task(tmp / "train", seed=1, videos=100)   # doctest: +SKIP
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, balance, rows = np.random.default_rng([seed, 5]), Balance(), []
    for index in range(videos):
        scene, video = scene_of(seed, index), f"shapes-{seed}-{index:05d}"
        _save(folder / f"{video}-grid.png", grid_of(scene))
        found = {
            q.text: q
            for _ in range(rounds)
            for q in video_questions(scene, rng, balance)
            if q.type in LEARNT
        }
        rows += [_row(q, f"{video}-grid.png", video) for q in found.values()]
        if replay and index % replay_every == 0:
            t_s = float(rng.choice(steady_times(scene)))
            _save(folder / f"{video}-frame.png", picture(scene, t_s, SIZE_PX))
            found = {
                q.text: q for _ in range(rounds) for q in frame_questions(scene, t_s, rng, balance)
            }
            rows += [_row(q, f"{video}-frame.png", video) for q in found.values()]
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def grid_of(scene: Scene) -> np.ndarray:
    """-> (96, 96, 3) uint8: four frames of the whole video, read like text."""
    cells = [picture(scene, float(t), SIZE_PX // COLUMNS) for t in grid_times((0.0, DURATION_S))]
    return frame_grid(np.stack(cells), columns=COLUMNS)


def only(path: str | Path, types: Sequence[str]) -> Path:
    """A question file beside the first, with the rows of these types alone -> its path."""
    path = Path(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    chosen = path.with_name(f"{path.stem}-{'-'.join(types)}.jsonl")
    chosen.write_text(
        "".join(line for line in lines if json.loads(line)["type"] in types), encoding="utf-8"
    )
    return chosen


def _row(question, image: str, video: str) -> dict:
    return {
        "image": image,
        "group": video,
        "question": question.text,
        "answer": question.answer,
        "type": question.type,
    }


def _save(path: Path, pixels: np.ndarray) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
