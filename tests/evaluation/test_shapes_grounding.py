from __future__ import annotations

import json

import pytest

from svqa.evaluation.shapes_grounding import (
    EVERY,
    METRIC,
    SPARSE,
    TYPES,
    find_spans,
    run_moments,
    words_prior,
)
from svqa.models.zoo import load_set
from svqa.shapes.render import frame_times
from tests.helpers.imports import REPOSITORY


def test_without_boxes_the_whole_video_is_given():
    assert find_spans([], frame_times(10), "when does the red circle stop?") == [(0.0, 8.0)]


@pytest.mark.slow
def test_evidence_is_found_on_another_seed_and_above_every_baseline():
    models = load_set("shapes")
    result = run_moments(models.encoder, models.detector, videos=30, seed=90_531)
    assert set(result.by_type) == set(TYPES) and result.n >= 40
    assert (
        result.metrics[METRIC].value >= 0.8
        and result.metrics[EVERY].value <= result.metrics[METRIC].value
    )
    assert 0.7 <= result.metrics[SPARSE].value <= result.metrics[METRIC].value
    for name, baseline in result.baselines.items():
        assert baseline["all"].high < result.metrics[METRIC].low, name


@pytest.mark.slow
def test_the_baseline_of_words_has_learnt_something():
    prior = words_prior()
    assert prior.provenance["seed"] != 90_531 and len(prior.cells) > 5


def test_the_committed_figures_pass_the_issues_mark():
    found = json.loads(
        (REPOSITORY / "experiments/shapes_grounding/result.json").read_text(encoding="utf-8")
    )
    for kind in TYPES:
        assert found["by_type"][kind][METRIC]["low"] >= 0.8
    assert found["fingerprint"]["seed"] not in (
        90_501,
        90_521,
        90_531,
        found["fingerprint"]["words_seed"],
    )
