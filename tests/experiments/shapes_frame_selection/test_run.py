from __future__ import annotations

import json

import pytest

from experiments.shapes_frame_selection.run import (
    BASELINES,
    LONGEST_S,
    METHOD,
    SEED,
    passing_questions,
    run_frame_selection,
)
from svqa.shapes import scene_of
from tests.helpers.imports import REPOSITORY


def test_only_objects_that_come_or_go_are_asked_for():
    asked = [q for i in range(40) for q in passing_questions(scene_of(5, i))]
    assert len(asked) >= 20 and all(q.seen[1] - q.seen[0] < LONGEST_S for q in asked)
    assert {q.type for q in asked} == {"exists", "colour", "shape"}


@pytest.mark.slow
def test_the_chosen_frame_shows_the_object_more_often_than_a_random_one():
    result = run_frame_selection(videos=16, seed=90_653)
    assert result.n >= 12 and set(result.baselines) == set(BASELINES)
    seen = result.metrics["shows the thing"].value
    assert seen >= 0.8 and seen > result.baselines["random frame"]["shows the thing"].value
    assert result.metrics[METHOD].value > result.baselines["random frame"]["all"].value


def test_the_committed_figures_are_of_an_unused_seed_and_above_their_baselines():
    found = json.loads(
        (REPOSITORY / "experiments/shapes_frame_selection/result.json").read_text(encoding="utf-8")
    )
    assert found["fingerprint"]["seed"] == SEED not in (779, 90_653)
    for name in BASELINES:
        assert found[METHOD]["value"] >= found["baselines"][name]["all"]["value"], name
