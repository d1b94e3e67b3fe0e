"""The re-ranker learns what videos have in common, and nothing of those it is judged on."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.nextqa_ablation.option_features import NAMES, event_weights, option_features
from experiments.nextqa_ablation.reranker import (
    fit_weights,
    folds_by_video,
    held_out_scores,
    with_types,
)
from svqa.answering.sentence_scoring import read_passages
from svqa.models.minilm import MiniLM
from svqa.records import Evidence

VIDEOS, EACH, OPTIONS = 40, 6, 5
videos = [f"v{i // EACH:02d}" for i in range(VIDEOS * EACH)]
types = ["C", "T"] * (VIDEOS * EACH // 2)


def accuracy(scores: np.ndarray, right: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == right).mean())


def test_no_video_is_in_two_folds_and_folds_are_of_one_size():
    fold = folds_by_video(videos, 5, seed=3)
    assert all(len(set(fold[i : i + EACH])) == 1 for i in range(0, len(fold), EACH))
    assert np.bincount(fold).tolist() == [VIDEOS // 5 * EACH] * 5


def test_what_holds_for_one_video_only_is_not_learnt():
    """Each video has a feature of its own that tells the right option of all its questions.

    Folds that part a video's questions would be right about nearly everything.
    """
    rng = np.random.default_rng(0)
    right = rng.integers(OPTIONS, size=len(videos))
    features = np.zeros((len(videos), OPTIONS, VIDEOS))
    for i, video in enumerate(videos):
        features[i, right[i], int(video[1:])] = 5.0
    apart, _ = held_out_scores(features, right, types, videos)
    assert accuracy(apart + 1e-6 * rng.random(apart.shape), right) < 0.3, "chance is 0.2"
    by_question = [f"{video}, question {i}" for i, video in enumerate(videos)]
    leaking, _ = held_out_scores(features, right, types, by_question)
    assert accuracy(leaking, right) > 0.9, "this is what leaking folds look like"


def test_what_holds_for_all_videos_is_learnt_and_for_one_type_as_well():
    rng = np.random.default_rng(1)
    right = rng.integers(OPTIONS, size=len(videos))
    features = rng.normal(size=(len(videos), OPTIONS, 2))
    at = np.arange(len(videos))
    features[at, right, 0] += np.where(np.array(types) == "C", 3.0, -3.0)
    scores, penalties = held_out_scores(features, right, types, videos)
    assert accuracy(scores, right) > 0.7 and len(penalties) == 5
    shared, _ = held_out_scores(features, right, ["one"] * len(types), videos)
    assert accuracy(shared, right) < 0.4, "only by type can one feature mean two things"


def test_the_weights_are_where_the_loss_is_flat():
    rng = np.random.default_rng(2)
    features, right = rng.normal(size=(50, 4, 3)), rng.integers(4, size=50)
    weights = fit_weights(features, right, 2.0)
    shares = np.exp(features @ weights)
    shares /= shares.sum(axis=1, keepdims=True)
    slope = np.einsum("nk,nkf->f", shares, features) - features[np.arange(50), right].sum(axis=0)
    assert slope + 2.0 * weights == pytest.approx(np.zeros(3), abs=1e-2)


def test_features_of_another_type_are_nothing():
    wide = with_types(np.ones((2, 3, 4)), ["C", "T"])
    assert wide.shape == (2, 3, 12)
    assert wide[0, :, 4:8].all() and not wide[0, :, 8:].any() and not wide[1, :, 4:8].any()


def test_features_follow_the_options_wherever_they_stand_and_know_when_an_event_is():
    told = ["a dog sits", "a dog jumps", "a boy throws a ball", "a dog eats a bone", "a dog sleeps"]
    lines = read_passages(
        [Evidence("v", "v", t, t + 1.0, 0.0, "caption", text) for t, text in enumerate(told)],
        encoder := MiniLM.from_pretrained(),
    )
    options = ["sleep", "jump", "eat the bone", "swim", "fly away"]
    asked = "what does the dog do after the boy throws a ball"
    found = option_features(asked, options, lines, encoder)
    assert found.shape == (5, len(NAMES)) and len(NAMES) == 18
    assert found.mean(axis=0) == pytest.approx(np.zeros(18), abs=1e-9)
    turned = option_features(asked, options[::-1], lines, encoder)
    assert turned[::-1] == pytest.approx(found, abs=1e-4), "the place in the list says nothing"
    weight = event_weights(lines, "the boy throws a ball", encoder)
    assert weight["while"].argmax() == 2
    assert weight["after"][4] > 0.9 > 0.1 > weight["after"][0]
    assert weight["before"][0] > 0.9 > 0.1 > weight["before"][4]
