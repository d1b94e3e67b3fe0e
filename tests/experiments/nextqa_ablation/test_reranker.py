"""The re-ranker learns what videos have in common, and nothing of those it is judged on."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.nextqa_ablation.reranker import (
    fit_weights,
    folds_by_video,
    held_out_scores,
    scaled,
    standardised,
    with_types,
)

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
    apart, _ = held_out_scores(lambda train: features, right, videos)
    assert accuracy(apart + 1e-6 * rng.random(apart.shape), right) < 0.3, "chance is 0.2"
    by_question = [f"{video}, question {i}" for i, video in enumerate(videos)]
    leaking, _ = held_out_scores(lambda train: features, right, by_question)
    assert accuracy(leaking, right) > 0.9, "this is what leaking folds look like"


def test_what_holds_for_all_videos_is_learnt_and_for_one_type_as_well():
    rng = np.random.default_rng(1)
    right = rng.integers(OPTIONS, size=len(videos))
    features = rng.normal(size=(len(videos), OPTIONS, 2))
    at = np.arange(len(videos))
    features[at, right, 0] += np.where(np.array(types) == "C", 3.0, -3.0)
    scores, penalties = held_out_scores(lambda train: with_types(features, types), right, videos)
    assert accuracy(scores, right) > 0.7 and len(penalties) == 5
    shared, _ = held_out_scores(lambda train: features, right, videos)
    assert accuracy(shared, right) < 0.4, "only by type can one feature mean two things"


def test_shuffled_training_answers_teach_nothing():
    rng = np.random.default_rng(4)
    right = rng.integers(OPTIONS, size=len(videos))
    features = rng.normal(size=(len(videos), OPTIONS, 30))
    features[np.arange(len(videos)), right, 0] += 2.0
    learnt, _ = held_out_scores(lambda train: features, right, videos)
    shuffled = [
        accuracy(held_out_scores(lambda train: features, rng.permutation(right), videos)[0], right)
        for _ in range(3)
    ]
    assert accuracy(learnt, right) > 0.7 and np.mean(shuffled) < 0.35


def test_what_is_right_about_a_video_changes_nothing_of_its_own_scores():
    """Not of any video of its fold; those of other folds learn from it."""
    rng = np.random.default_rng(5)
    right = rng.integers(OPTIONS, size=len(videos))
    features = rng.normal(size=(len(videos), OPTIONS, 4))
    fold = folds_by_video(videos, 5, seed=0)
    changed = np.where(fold == 2, (right + 1) % OPTIONS, right)
    before, _ = held_out_scores(lambda train: features, right, videos)
    after, _ = held_out_scores(lambda train: features, changed, videos)
    assert np.array_equal(before[fold == 2], after[fold == 2])
    assert not np.allclose(before[fold != 2], after[fold != 2])


def test_every_fold_is_scored_by_what_its_training_questions_gave():
    """The features say which questions they were told to learn from; none is of a held video."""
    asked = []

    def features(train: np.ndarray) -> np.ndarray:
        asked.append(train)
        return np.zeros((len(videos), OPTIONS, 1))

    held_out_scores(features, np.zeros(len(videos), int), videos)
    fold = folds_by_video(videos, 5, seed=0)
    assert [set(fold[~train]) for train in asked] == [{0}, {1}, {2}, {3}, {4}]
    assert all(set(fold[train]) == set(range(5)) - set(fold[~train]) for train in asked)


def test_a_wide_lead_stays_wider_than_a_narrow_one_unless_standardised():
    leads = np.array([[[9.0], [0.0], [0.0]], [[0.3], [0.0], [0.0]], [[5.0], [5.0], [5.0]]])
    train = np.array([True, True, False])
    kept = scaled(leads, train)
    assert kept[0, 0, 0] == pytest.approx(30 * kept[1, 0, 0])
    assert np.sqrt((kept[train] ** 2).mean()) == pytest.approx(1)
    assert scaled(leads * 7, train) == pytest.approx(kept), "the unit of a feature says nothing"
    alike = standardised(leads)
    assert alike[0] == pytest.approx(alike[1]) and not alike[2].any()


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
