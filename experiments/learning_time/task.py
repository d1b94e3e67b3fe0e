"""Seed -> films of the shapes world and question files about their spans: places first, then time.

A film holds many videos of `DURATION_S` seconds one after another, a frame a second: one pass
decodes them all, and a question says with `span` which of them it is about. The base is asked where
things are at a named second, and in the first and the last frame that shows them; what is to be
learnt then is asked of the same spans, and single frames are asked what the model knew before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from svqa.shapes.balance import Balance, WorldQuestion
from svqa.shapes.one_frame_questions import FRAME_TYPES, PLACE_MARGIN
from svqa.shapes.render import render_pixels
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, Scene, place_of
from svqa.shapes.scene_questions import frame_questions, video_questions
from svqa.shapes.time_questions import ask_video

LEARNT = ("direction", "order", "changes", "when")  # what the fine-tuning is about
KEPT = FRAME_TYPES  # what must not be forgotten
FRAMES = round(DURATION_S)  # of a video: one a second
SHOWN_AFTER_S = 0.25  # events fall on half seconds: a frame shows the scene clear of them
FILM_VIDEOS, WIDTH_PX = 100, 128
SECONDS, PLACES = 4, 3  # of a video, how many are asked about; questions about places at each


def write_places(folder: Path, *, seed: int, videos: int) -> Path:
    """What the base is taught: frames of each video by name, and single frames as they are.

    Places are not balanced: a thing that stays is in one place at each of its seconds.
    """
    rng, balance, plain = np.random.default_rng([seed, 3]), Balance(), Balance()
    others = [kind for kind in FRAME_TYPES if kind != "place"]
    rows = []
    for index, scene in enumerate(write_films(folder, seed=seed, videos=videos)):
        for second in sorted(rng.choice(FRAMES, SECONDS, replace=False).tolist()):
            asked = frame_questions(scene, _shown_s(second), rng, balance, types=others)
            for _ in range(PLACES):
                asked += frame_questions(scene, _shown_s(second), rng, types=("place",))
            for q in asked:
                text = f"at {second} s: {q.text}"
                rows.append(_row(q, seed, index, text, type=f"named {q.type}"))
        rows += [_row(q, seed, index, q.text) for q in _first_and_last(scene)]
        rows += _of_a_frame(scene, seed, index, rng, plain)
    return _write(folder / "places.jsonl", rows)


def write_times(folder: Path, *, seed: int, videos: int, rounds: int, replay_every: int) -> Path:
    """What is to be learnt, `rounds` of each type; of every so many videos a frame is replayed.

    The first round is balanced over the file, and a test has no other. With more of them, which
    are to learn from, every moving thing is asked for its way: the world spreads these evenly.
    """
    rng, balance, plain = np.random.default_rng([seed, 5]), Balance(), Balance()
    rows = []
    for index, scene in enumerate(write_films(folder, seed=seed, videos=videos)):
        drawn = [q for _ in range(rounds) for q in video_questions(scene, rng, balance)]
        if rounds > 1:
            drawn += ask_video("direction", scene, rng)
        rows += [_row(q, seed, index, q.text) for q in drawn if q.type in LEARNT]
        if index % replay_every == 0:
            rows += _of_a_frame(scene, seed, index, rng, plain)
    return _write(folder / "times.jsonl", rows)


def write_films(folder: Path, *, seed: int, videos: int) -> Iterator[Scene]:
    """Write `film-*.mp4`, those that are not there yet; yields the scene of each video."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, videos, FILM_VIDEOS):
        scenes = [scene_of(seed, i) for i in range(first, min(first + FILM_VIDEOS, videos))]
        path = folder / _film(seed, first)
        if not path.is_file():
            draft = path.with_suffix(".part")
            _encode(scenes, draft)
            draft.rename(path)
        yield from scenes


def _first_and_last(scene: Scene) -> Iterator[WorldQuestion]:
    """Where a thing is in the first and in the last frame that shows it, each by itself."""
    for actor in scene.actors:
        seen = [_shown_s(k) for k in range(FRAMES) if actor.span[0] <= _shown_s(k) < actor.span[1]]
        if len(actor.colours) == 1:
            for word, t_s in (("first", seen[0]), ("last", seen[-1])):
                x, y = (float(v) for v in actor.position(t_s))
                if place := place_of(x, y, margin=PLACE_MARGIN):
                    text = f"where is the {actor.name_at(t_s)} {word}?"
                    yield WorldQuestion(text, place, f"{word} place", ())


def _shown_s(second: int) -> float:
    return second + SHOWN_AFTER_S


def _of_a_frame(scene: Scene, seed: int, index: int, rng, balance: Balance) -> list[dict]:
    """One question of every one-frame type about a second drawn by lot."""
    second = int(rng.integers(FRAMES))
    asked = frame_questions(scene, _shown_s(second), rng, balance)
    return [_row(q, seed, index, q.text, second=second) for q in asked]


def _row(
    question: WorldQuestion, seed: int, index: int, text: str, *, second: int | None = None, **more
) -> dict:
    start_s = DURATION_S * (index % FILM_VIDEOS)
    when = {"span": [start_s, start_s + DURATION_S]}
    if second is not None:
        when = {"time_s": start_s + second}
    return {
        "video": _film(seed, index),
        **when,
        "group": f"shapes-{seed}-{index:05d}",
        "question": text,
        "answers": _answers(question),
        "type": question.type,
        **more,
    }


def _answers(question: WorldQuestion) -> list[str]:
    """Of a time both half seconds between two frames: what is seen cannot tell them apart."""
    if question.type != "when":
        return [question.answer]
    (start_s, end_s), *_ = question.spans
    at_s = (start_s + end_s) / 2
    first_s = np.floor(at_s - SHOWN_AFTER_S) + 0.5
    return [f"{t:g} s" for t in (first_s, first_s + 0.5) if t < DURATION_S]


def _film(seed: int, index: int) -> str:
    return f"film-{seed}-{index // FILM_VIDEOS:03d}.mp4"


def _encode(scenes: Sequence[Scene], path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream(
            "libx264", rate=1, options={"crf": "18", "preset": "ultrafast", "threads": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, WIDTH_PX, "yuv420p"
        for scene in scenes:
            for second in range(FRAMES):
                pixels = render_pixels(
                    scene, _shown_s(second), width_px=WIDTH_PX, height_px=WIDTH_PX
                )
                file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())


def _write(path: Path, rows: Sequence[dict]) -> Path:
    """A row once, though it was drawn twice."""
    lines = dict.fromkeys(json.dumps(row) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path
