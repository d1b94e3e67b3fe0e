"""Seed -> questions about shapes videos and the frames they are answered from: what
`compare_models` gives every way.

A question about one frame is given the calm seconds it is about, as a retrieval that is right would
give them; one that needs time, the whole video. Either way thirteen frames, so that a grid of four
is that of `svqa.training`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from svqa.evaluation.shapes_questions import WIDTH_PX, FrameQuestion, draw_frame_questions
from svqa.records import Evidence, FrameBatch, Question
from svqa.shapes.balance import baselines
from svqa.shapes.one_frame_questions import FRAME_TYPES
from svqa.shapes.render import render
from svqa.shapes.sampling import scene_of
from svqa.shapes.scene import DURATION_S

FRAMES = 13  # every fourth, from the first, is the middle of one of four equal parts
Given = tuple[Question, list[Evidence], FrameBatch]


def draw_asked(seed: int, *, videos: int, types: Sequence[str]) -> list[FrameQuestion]:
    """A question of each of `types` that each of `videos` videos of `seed` allows, answers balanced
    over all of them.
    """
    return [
        a
        for a in draw_frame_questions([scene_of(seed, index) for index in range(videos)], seed)
        if a.question.type in types
    ]


def given(asked: Sequence[FrameQuestion], seed: int) -> list[Given]:
    """-> an input of a VQA model each: the question, nothing retrieved, the frames of the seconds
    it is about.
    """
    scenes = {a.video: scene_of(seed, a.video) for a in asked}
    return [
        (a.record(), [], render(scenes[a.video], frame_times(a), width_px=WIDTH_PX)) for a in asked
    ]


def frame_times(a: FrameQuestion) -> np.ndarray:
    """-> (13,) seconds, evenly over the middle three quarters of the seconds a question is
    about.
    """
    start_s, end_s = a.question.spans[0] if a.question.type in FRAME_TYPES else (0.0, DURATION_S)
    return start_s + (end_s - start_s) * np.linspace(1 / 8, 7 / 8, FRAMES)


def never_looks(
    asked: Sequence[FrameQuestion], *, learnt: Sequence[FrameQuestion]
) -> dict[str, float]:
    """-> the best accuracy on each type of those who see nothing: chance, the commonest answer, the
    habits of `learnt`.
    """
    found = baselines([a.question for a in learnt], [a.question for a in asked])
    return {
        kind: max(row[name] for name in ("chance", "majority", "blind"))
        for kind, row in found.items()
    }
