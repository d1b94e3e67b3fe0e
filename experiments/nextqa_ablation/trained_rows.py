"""Questions of many videos -> what re-rankers trained on other videos pick: the trained rows.

Beside the re-ranker stand the same features learnt in other ways, and with training answers that
were shuffled: what a leak from the judged videos, or luck, would look like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.command import counted
from experiments.nextqa_ablation.background import (
    BACKGROUND_NAMES,
    Background,
    read_background,
)
from experiments.nextqa_ablation.option_features import (
    NAMES,
    ReadVideo,
    option_traits,
    read_video,
)
from experiments.nextqa_ablation.reranker import (
    Features,
    held_out_scores,
    scaled,
    standardised,
    with_types,
)
from svqa.answering.sentence_scoring import read_passages
from svqa.evaluation.nextqa import Choice
from svqa.language.question_parser import plain
from svqa.models.base import TextEncoder
from svqa.records import Evidence, Progress

FEATURES = (*NAMES, *BACKGROUND_NAMES)
FOLDS = 5
TRAINED = "trained: re-ranker of the options, folds by video"
BY_TYPE = "trained: and weights of its own for each type of question"
STANDARDISED = "trained: features as standard scores, not centred"
OWN_ONLY = "trained: without what other videos' captions say"
SHUFFLED = "trained: on shuffled answers"
SHUFFLES = 16  # of one, nobody knows how far the next is from it


def trained_picks(
    choices: Sequence[Choice],
    captions: Mapping[str, Sequence[Evidence]],
    sentences: TextEncoder,
    *,
    seed: int = 0,
    shuffles: int = SHUFFLES,
    progress: Progress | None = None,
) -> tuple[dict[str, np.ndarray], list[float]]:
    """-> by row (N,) the options picked, each by weights from other videos; `TRAINED`'s penalties.

    Of `SHUFFLED` (shuffles, N), a row each.

    `choices` are sorted by video, as `read_annotations` gives them.
    """
    background = read_choices(choices, captions, sentences, progress)
    own = np.stack([t.values for t in background.traits])
    answers = np.array([c.right for c in choices])
    videos, types = [c.question.video for c in choices], [c.question.type[0] for c in choices]

    def both(train: np.ndarray) -> np.ndarray:
        known = np.zeros(len(background.told), bool)
        known[background.own[train]] = True
        return np.concatenate([own, background.features(known)], axis=2)

    def all_scaled(train: np.ndarray) -> np.ndarray:
        return scaled(both(train), train)

    plans: dict[str, tuple[Features, np.ndarray]] = {
        TRAINED: (all_scaled, answers),
        BY_TYPE: (lambda train: with_types(all_scaled(train), types), answers),
        STANDARDISED: (lambda train: standardised(both(train)), answers),
        OWN_ONLY: (lambda train: scaled(own, train), answers),
    }
    picks, penalties = {}, {}
    for name, (features, right) in plans.items():
        scores, penalties[name] = held_out_scores(features, right, videos, folds=FOLDS, seed=seed)
        picks[name] = scores.argmax(axis=1)
    rng = np.random.default_rng(seed)
    by_lot = [
        held_out_scores(all_scaled, rng.permutation(answers), videos, folds=FOLDS, seed=seed)[0]
        for _ in counted(range(shuffles), "shuffles", progress)
    ]
    picks[SHUFFLED] = np.stack(by_lot).argmax(axis=2)
    return picks, penalties[TRAINED]


def read_choices(
    choices: Sequence[Choice],
    captions: Mapping[str, Sequence[Evidence]],
    sentences: TextEncoder,
    progress: Progress | None = None,
) -> Background:
    """Every question's options, read by its own video's captions and set against all videos'."""
    videos: dict[str, ReadVideo] = {}
    traits, own = [], []
    for done, choice in enumerate(choices, 1):
        asked = choice.question
        if asked.video not in videos:
            lines = read_passages(captions[asked.video], sentences)
            videos[asked.video] = read_video(lines, sentences)
        traits.append(
            option_traits(plain(asked.text), asked.options, videos[asked.video], sentences)
        )
        own.append(list(videos).index(asked.video))
        if progress is not None:
            progress("options read", done, len(choices))
    return read_background(traits, own, list(videos.values()))
