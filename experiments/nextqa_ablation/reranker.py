"""Features of options -> a re-ranker trained on some videos' questions, judged on other videos'.

A conditional logit (McFadden 1974): an option is chosen with the softmax of `features @ weights`.
A feature is centred over the options of its question, so that it says by how much an option has
more of it. All questions share the weights, which are held small by a penalty that is chosen on
folds inside the training videos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0)

# (N,) bool, the questions that may be learnt from -> (N, K, F), all of it learnt from these
Features = Callable[[np.ndarray], np.ndarray]


def folds_by_video(videos: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """-> (N,) each question's fold; all questions of a video are in one."""
    names = sorted(set(videos))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[video]: place % folds for place, video in enumerate(order)}
    return np.array([fold[video] for video in videos])


def held_out_scores(
    features: Features,
    right: np.ndarray,
    videos: Sequence[str],
    *,
    folds: int = 5,
    seed: int = 0,
) -> tuple[np.ndarray, list[float]]:
    """(N,) -> (N, K) scores, each from the other folds; the penalty of each fold.

    Weights and penalty of a fold never saw a question of one of its videos.
    """
    fold, scores, penalties = folds_by_video(videos, folds, seed), [], []
    for held in range(folds):
        train = fold != held
        seen = features(train)
        penalty = best_penalty(seen[train], right[train], fold[train])
        scores.append(seen @ fit_weights(seen[train], right[train], penalty))
        penalties.append(penalty)
    return np.stack(scores)[fold, np.arange(len(fold))], penalties


def scaled(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(N, K, F) -> centred over a question's options, in units of the training part's spread."""
    centred = features - features.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred[train] ** 2).mean(axis=(0, 1)))
    return np.asarray(centred / np.where(spread > 1e-9, spread, 1.0))


def standardised(features: np.ndarray) -> np.ndarray:
    """(N, K, F) -> standard scores over a question's options; 0 where all are alike."""
    spread = features.std(axis=1, keepdims=True)
    centred = features - features.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.where(spread > 1e-9, spread, np.inf))


def with_types(features: np.ndarray, types: Sequence[str]) -> np.ndarray:
    """(N, K, F) -> (N, K, F (1 + types)): the features, then the same for one type each, else 0."""
    own = [np.array([t == kind for t in types])[:, None, None] for kind in sorted(set(types))]
    return np.concatenate([features, *(features * mine for mine in own)], axis=2)


def best_penalty(features: np.ndarray, right: np.ndarray, fold: np.ndarray) -> float:
    """The penalty of `PENALTIES` under which left-out folds are the likeliest."""
    loss = [
        sum(
            _loss(
                features[fold == held]
                @ fit_weights(features[fold != held], right[fold != held], penalty),
                right[fold == held],
            )
            for held in np.unique(fold)
        )
        for penalty in PENALTIES
    ]
    return PENALTIES[int(np.argmin(loss))]


def fit_weights(features: np.ndarray, right: np.ndarray, penalty: float) -> np.ndarray:
    """(N, K, F), (N,) -> (F,) the weights with the least cross entropy + penalty / 2 x square."""
    chosen = features[np.arange(len(right)), right].sum(axis=0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = features @ weights
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        gradient = np.einsum("nk,nkf->f", shares, features) - chosen + penalty * weights
        return _loss(scores, right) + penalty / 2 * float(weights @ weights), gradient

    start = np.zeros(features.shape[2])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def _loss(scores: np.ndarray, right: np.ndarray) -> float:
    """Cross entropy of (N, K) scores, summed."""
    top = scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]
    return float((log_sum - scores[np.arange(len(right)), right]).sum())
