"""What the strategies are given: the frames a question is about, and baselines beside them."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.lora.task import KEPT, LEARNT
from experiments.shapes_frame_strategies.run import (
    STRATEGIES,
    draw_asked,
    frame_times,
    given,
    question_only_baseline,
    run_strategies,
)
from svqa.shapes.scene_questions import FRAME_TYPES
from svqa.training.feature_cache import grid_times

SEED, VIDEOS = 90_711, 12


@pytest.fixture(scope="module")
def asked():
    return draw_asked(SEED, videos=VIDEOS, types=(*KEPT, *LEARNT))


def test_every_type_that_was_wanted_is_asked_and_no_other(asked):
    assert {a.question.type for a in asked} == {*KEPT, *LEARNT}
    assert {a.question.type for a in draw_asked(SEED, videos=VIDEOS, types=LEARNT)} == set(LEARNT)


def test_every_fourth_frame_of_a_whole_video_is_the_grid_that_was_trained(asked):
    times = frame_times(next(a for a in asked if a.question.type in LEARNT))
    np.testing.assert_allclose(times[::4], grid_times((0.0, 8.0)))


def test_a_question_about_one_frame_gets_frames_in_which_its_answer_holds(asked):
    for a in asked:
        if a.question.type in FRAME_TYPES:
            start_s, end_s = a.question.spans[0]
            assert (
                np.all((frame_times(a) > start_s) & (frame_times(a) < end_s))
                and start_s <= a.t_s <= end_s
            )


def test_an_input_is_the_question_of_its_video_and_the_same_frames_every_time(asked):
    one, again = (given(asked[:5], SEED) for _ in range(2))
    for (question, passages, frames), (_, _, same), a in zip(one, again, asked, strict=False):
        assert (question.video, question.answers, passages) == (
            str(a.video),
            (a.question.answer,),
            [],
        )
        assert np.array_equal(frames.pixels, same.pixels) and len(frames) == 13


def test_the_question_only_baseline_is_far_from_right(asked):
    found = question_only_baseline(
        asked, learnt=draw_asked(SEED + 1, videos=40, types=(*KEPT, *LEARNT))
    )
    assert set(found) == {*KEPT, *LEARNT} and all(0.1 <= value <= 0.9 for value in found.values())


@pytest.mark.slow
def test_every_strategy_is_measured_on_both_kinds_of_questions():
    result = run_strategies(videos=6, seed=SEED)
    names = {f"{name}, {part}" for name in STRATEGIES for part in ("one frame", "time")}
    assert set(result.metrics) == names and set(result.baselines) == {"chance", "majority", "blind"}
    assert result.metrics["best frame, one frame"].value >= 0.9
    assert all(set(figures) == set(STRATEGIES) for figures in result.by_type.values())
