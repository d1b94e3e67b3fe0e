"""Seed -> a folder of videos with everything that is known about them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.questions import SPLITS
from svqa.records import Progress
from svqa.shapes.balance import Balance, WorldQuestion, baselines
from svqa.shapes.render import frame_times, write_mp4
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, VOICES_HZ, Scene
from svqa.shapes.scene_questions import questions
from svqa.shapes.truth import boxes, description, frame_caption, phrase

WIDTH_PX, RATE_HZ, BOX_RATE_HZ = 128, 10, 2
_QUESTION_STREAM = 1_000_000_007  # keeps the draw of the questions apart from that of any scene


@dataclass(frozen=True)
class MadeDataset:
    """What was written.

    Where, how many videos and questions, and what each type gives to those who do not look.
    """

    folder: Path
    videos: int
    questions: int
    baselines: dict[str, dict[str, float]]


def split_of(index: int) -> str:
    """The split of a video, by its number.

    Of ten videos in a row eight are for training, the ninth for choosing, the tenth for the final
    figure.
    """
    return SPLITS[max(0, index % 10 - 7)]


def make_dataset(
    n: int, seed: int, out: str | Path, *, per_type: int = 1, progress: Progress | None = None
) -> MadeDataset:
    """Write `n` videos of `seed` to `out`.

    `videos/*.mp4`, `metadata.jsonl`, `questions.jsonl`, `README.md`.

    The same `n` and `seed` give the same bytes of metadata and questions; video `i` is the same for
    every `n > i`. `metadata.jsonl` has the columns of Hugging Face's VideoFolder, `questions.jsonl`
    those that `svqa train` and `svqa eval` read. `progress` counts videos.
    Raises UsageError if `n < 1` or `out` already holds a dataset.
    """
    if n < 1:
        raise UsageError(f"A dataset needs at least one video, got {n}.")
    folder = Path(out)
    if (folder / "metadata.jsonl").exists():
        raise UsageError(
            f"{folder} already holds a dataset. Name another folder, or delete that one first."
        )
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    asked = draw_questions(n, seed, per_type=per_type)
    rows = []
    for index in range(n):
        scene, name = scene_of(seed, index), video_name(seed, index)
        write_mp4(scene, folder / "videos" / name, width_px=WIDTH_PX, rate_hz=RATE_HZ)
        rows.append(metadata_row(scene, name, split_of(index)))
        if progress:
            progress("videos", index + 1, n)
    question_rows = [
        question_row(q, video_name(seed, index), number, split_of(index))
        for index, of_video in enumerate(asked)
        for number, q in enumerate(of_video)
    ]
    found = baselines(
        [q for i, qs in enumerate(asked) if split_of(i) == "train" for q in qs],
        [q for i, qs in enumerate(asked) if split_of(i) != "train" for q in qs],
    )
    _write_lines(folder / "questions.jsonl", question_rows)
    (folder / "README.md").write_text(_card(n, seed, len(question_rows), found), encoding="utf-8")
    _write_lines(folder / "metadata.jsonl", rows)  # last: where it is, the dataset is whole
    return MadeDataset(folder, n, len(question_rows), found)


def draw_questions(n: int, seed: int, *, per_type: int = 1) -> list[list[WorldQuestion]]:
    """The questions of videos 0 .. n - 1 of `seed`, balanced over all of them.

    No frame is drawn.
    """
    rng, balance = np.random.default_rng([seed, _QUESTION_STREAM]), Balance()
    return [questions(scene_of(seed, index), rng, balance, per_type=per_type) for index in range(n)]


def video_name(seed: int, index: int) -> str:
    """`shapes-0-00012.mp4`."""
    return f"shapes-{seed}-{index:05d}.mp4"


def metadata_row(scene: Scene, name: str, split: str) -> dict:
    """Everything about one video, in plain JSON; boxes are pixels of the written video."""
    times_s = frame_times(BOX_RATE_HZ)
    return {
        "file_name": f"videos/{name}",
        "split": split,
        "caption": description(scene),
        "duration_s": DURATION_S,
        "width_px": WIDTH_PX,
        "height_px": WIDTH_PX,
        "rate_hz": RATE_HZ,
        "frame_captions": [
            {"t_s": float(t), "text": frame_caption(scene, float(t))} for t in times_s
        ],
        "objects": [
            {
                "shape": a.shape,
                "size": a.size,
                "tone_hz": VOICES_HZ[a.voice],
                "span_s": list(a.span),
                "colours": [list(c) for c in a.colours],
                "path": [list(p) for p in a.path],
            }
            for a in scene.actors
        ],
        "events": [
            {
                "kind": e.kind,
                "t_s": e.t_s,
                "object": e.actor,
                "other": e.other,
                "to": e.to,
                "text": phrase(scene, e),
            }
            for e in scene.events
        ],
        "boxes": [
            {
                "t_s": box.t_s,
                "object": box.track_id,
                "label": box.label,
                "xyxy_px": [round(v, 2) for v in box.xyxy_px],
            }
            for t in times_s
            for box in boxes(scene, float(t), width_px=WIDTH_PX)
        ],
    }


def question_row(question: WorldQuestion, name: str, number: int, split: str) -> dict:
    """One line of `questions.jsonl`. `time_s` is null where one frame is not enough."""
    return {
        "id": f"{name.removesuffix('.mp4')}-{number:02d}",
        "video": f"videos/{name}",
        "split": split,
        "type": question.type,
        "question": question.text,
        "answer": question.answer,
        "options": list(question.options),
        "time_s": question.time_s,
        "spans": [list(s) for s in question.spans],
    }


def _write_lines(path: Path, rows: Iterable[dict]) -> None:
    path.write_text(
        "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows), encoding="utf-8"
    )


def _card(n: int, seed: int, asked: int, found: dict[str, dict[str, float]]) -> str:
    table = "\n".join(
        f"| {kind} | {f['n']} | {f['chance']:.2f} | {f['majority']:.2f} | {f['blind']:.2f} |"
        for kind, f in sorted(found.items())
    )
    return f"""---
license: cc0-1.0
pretty_name: Shapes world, seed {seed}
task_categories: [visual-question-answering, video-classification, object-detection]
size_categories: [{"n<1K" if n < 1000 else "1K<n<10K"}]
configs:
- config_name: default
  data_dir: .
---
# Shapes world, {n} videos of seed {seed}

Videos of {DURATION_S:g} s, {WIDTH_PX} x {WIDTH_PX} pixels at {RATE_HZ} frames a second with sound:
up to four coloured shapes appear, move, stop, turn, change colour, meet and vanish, each with a
tone of its own. Everything about them is known exactly.

- `metadata.jsonl`: one line a video (`file_name` as VideoFolder wants it, `split`, caption,
  captions of frames, objects with colours and path, events, boxes in pixels).
- `questions.jsonl`: {asked} questions (`id`, `video`, `split`, `type`, `question`, `answer`,
  `options`, `time_s` of the frame where one frame is enough, `spans` in seconds that hold the
  evidence).

Splits are by video: 8 of 10 train, 1 val, 1 test. Made by `svqa shapes make --n {n} --seed {seed}`;
the same command gives the same metadata, byte for byte.

## What those get who do not look

Learnt on the train split, tested on the others. `chance` guesses among the options, `majority`
gives the commonest answer of the type, `blind` knows the answers to the same words.

| type | n | chance | majority | blind |
|---|---|---|---|---|
{table}

## Limits

Upright shapes that never hide one another, six colours, two sizes, plain backgrounds: it tells
whether a model can see, count, follow and hear at all, not whether it understands the world.
"""
