"""An answerer and a seed -> how often it is right about the shapes world, by type of question.

Every figure stands beside its baselines.

Every question is asked three times: about the right frame (the one it is about; for time questions
the middle of the evidence, the best that any single frame can do), about the middle frame of the
video, and about the right second of another video (`shuffled`). Who never looks is `blind`,
`majority` and `chance`. One-frame questions are answered in the model's own words and must match
exactly; time questions are chosen from their options, where they have any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from svqa.metrics.answers import exact_match
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups, figures_by_type
from svqa.models.base import Answerer, Captioner
from svqa.models.frame_strategies import BestFrame
from svqa.records import FrameBatch, Question, Segment
from svqa.shapes.balance import Balance, WorldQuestion, baselines
from svqa.shapes.one_frame_questions import FRAME_TYPES
from svqa.shapes.render import render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S, Scene
from svqa.shapes.scene_questions import questions
from svqa.shapes.truth import frame_caption, steady_times

FRESH_SEED = 90_001  # no training uses it
TRAIN_SEED, TRAIN_VIDEOS = 90_002, 400  # what the baselines that know the answers' habits have seen
WIDTH_PX = 128


@dataclass(frozen=True)
class FrameQuestion:
    """A question about video number `video`, and the second of the frame that serves it best."""

    video: int
    question: WorldQuestion
    t_s: float

    def record(self) -> Question:
        """Free words for what one frame can tell; for the rest its options."""
        whole = self.question.record(video=str(self.video), id="")
        if self.question.type not in FRAME_TYPES:
            return whole
        return Question(whole.text, (), whole.video, whole.answers, whole.spans, whole.type)


def evaluate_frame_questions(
    answerer: Answerer, *, videos: int = 240, seed: int = FRESH_SEED, every_s: float | None = None
) -> EvalResult:
    """Accuracy by type of question, 95 % intervals over videos.

    `seed` must not be one that the answerer was trained on.

    With `every_s`, the answerer is also given the whole video at that rate (`whole video`), and
    uses it in its own way. Questions, about ten a video, are drawn fresh from the seed; the
    fingerprint says which.
    """
    scenes = [scene_of(seed, index) for index in range(videos)]
    asked = draw_frame_questions(scenes, seed)
    arms = {
        "right frame": [(a.video, [a.t_s]) for a in asked],
        "middle frame": [(a.video, [DURATION_S / 2]) for a in asked],
        "shuffled": [((a.video + 1) % videos, [a.t_s]) for a in asked],
    }
    if every_s:
        arms["whole video"] = [(a.video, list(np.arange(0, DURATION_S, every_s))) for a in asked]
    right = {name: _score(answerer, scenes, asked, looks) for name, looks in arms.items()}
    groups, types = [a.video for a in asked], [a.question.type for a in asked]
    by_type: dict[str, dict[str, Figure]] = {}
    for name, values in right.items():
        for kind, figures in figures_by_type(values, groups, types, seed, metric=name).items():
            by_type.setdefault(kind, {}).update(figures)
    looking = np.isin(types, FRAME_TYPES)
    parts = {"one-frame questions": looking, "time questions": ~looking}
    return EvalResult(
        n=len(asked),
        metrics={
            name: _figure(right["right frame"], groups, rows, seed) for name, rows in parts.items()
        },
        by_type=by_type,
        baselines=_baselines(asked, right, groups, seed),
        fingerprint={
            "world": "shapes",
            "seed": seed,
            "videos": videos,
            "width_px": WIDTH_PX,
            "model_id": answerer.model_id,
            "baselines_seed": TRAIN_SEED,
        },
        per_question=tuple(
            {
                "video": a.video,
                "type": a.question.type,
                "question": a.question.text,
                "answer": a.question.answer,
                **{name: float(values[i]) for name, values in right.items()},
            }
            for i, a in enumerate(asked)
        ),
    )


def evaluate_captions(
    captioner: Captioner, *, videos: int = 240, seed: int = FRESH_SEED
) -> dict[str, Figure]:
    """-> `tokens` (share of words right, aligned), `captions` (share of sentences exactly right).

    Four frames a video.
    """
    tokens, exact, groups = [], [], []
    for index in range(videos):
        scene = scene_of(seed, index)
        times = steady_times(scene)
        chosen = [times[i] for i in np.linspace(0, len(times) - 1, 4).astype(int)]
        said = captioner.caption(
            render(scene, chosen, width_px=WIDTH_PX), [Segment(t, t + 0.01) for t in chosen]
        )
        for t_s, caption in zip(chosen, said, strict=True):
            truth, words = frame_caption(scene, t_s).split(), caption.text.split()
            tokens.append(_aligned(truth, words))
            exact.append(float(truth == words))
            groups.append(index)
    return {
        "tokens": bootstrap_over_groups(tokens, groups, seed),
        "captions": bootstrap_over_groups(exact, groups, seed),
    }


def draw_frame_questions(scenes: Sequence[Scene], seed: int) -> list[FrameQuestion]:
    """One question of every type that each scene allows, answers balanced over all of them."""
    balance, found = Balance(), []
    for video, scene in enumerate(scenes):
        for q in questions(scene, np.random.default_rng([seed, video, 1]), balance):
            t_s = sum(q.spans[0]) / 2 if q.time_s is None else q.time_s
            found.append(FrameQuestion(video, q, min(float(t_s), DURATION_S - 0.01)))
    return found


def _score(
    answerer: Answerer,
    scenes: Sequence[Scene],
    asked: Sequence[FrameQuestion],
    looks: Iterable[tuple[int, Sequence[float]]],
) -> np.ndarray:
    said = _say(
        answerer, [a.record() for a in asked], [_frames(scenes[video], t_s) for video, t_s in looks]
    )
    return np.array(
        [exact_match(text, a.question.answer) for text, a in zip(said, asked, strict=True)]
    )


def _say(answerer: Answerer, asked: Sequence[Question], frames: Sequence[FrameBatch]) -> list[str]:
    """What is answered; many at once where the model sees single pictures.

    That changes no answer.
    """
    one_picture, reply = getattr(answerer, "way", None), getattr(answerer, "reply", None)
    if reply and isinstance(one_picture, BestFrame) and all(len(f) == 1 for f in frames):
        return [answer.text for answer in reply([f.pixels[0] for f in frames], asked)]
    return [answerer.answer(q, [], f).text for q, f in zip(asked, frames, strict=True)]


def _frames(scene: Scene, t_s: Sequence[float]) -> FrameBatch:
    return render(scene, t_s, width_px=WIDTH_PX)


def _aligned(truth: Sequence[str], said: Sequence[str]) -> float:
    """Words in common, in order, over the longer of the two.

    One word too many costs one word, not all that follow.
    """
    blocks = SequenceMatcher(None, truth, said, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(truth), len(said))


def _figure(values: np.ndarray, groups: Sequence[int], rows: np.ndarray, seed: int) -> Figure:
    return bootstrap_over_groups(values[rows], np.asarray(groups)[rows], seed)


def _baselines(
    asked: Sequence[FrameQuestion],
    right: Mapping[str, np.ndarray],
    groups: Sequence[int],
    seed: int,
) -> dict[str, dict[str, Figure]]:
    """By baseline, then by type: who looks elsewhere, and who never looks, on the same questions.

    With intervals.
    """
    types = [a.question.type for a in asked]
    found = {
        name: {
            kind: figures[name]
            for kind, figures in figures_by_type(
                right[name], groups, types, seed, metric=name
            ).items()
        }
        for name in ("middle frame", "shuffled")
    }
    learnt = [
        a.question
        for a in draw_frame_questions(
            [scene_of(TRAIN_SEED, i) for i in range(TRAIN_VIDEOS)], TRAIN_SEED
        )
    ]
    for kind, figures in baselines(learnt, [a.question for a in asked]).items():
        for name in ("blind", "majority", "chance"):
            value = figures[name]
            half = 1.96 * (value * (1 - value) / figures["n"]) ** 0.5
            found.setdefault(name, {})[kind] = Figure(
                value, max(0.0, value - half), min(1.0, value + half), int(figures["n"])
            )
    return found
