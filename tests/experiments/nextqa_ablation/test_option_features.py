"""What a re-ranker sees of options: the same wherever they stand, and what other videos tell."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.nextqa_ablation.background import BACKGROUND_NAMES, read_background
from experiments.nextqa_ablation.option_features import (
    NAMES,
    OptionTraits,
    option_traits,
    read_video,
    statement,
)
from experiments.nextqa_ablation.reranker import folds_by_video
from experiments.nextqa_ablation.time_prior import event_weights
from experiments.nextqa_ablation.trained_rows import FOLDS, SHUFFLED, TRAINED, trained_picks
from svqa.answering.sentence_scoring import Lines, read_passages
from svqa.evaluation.nextqa import Choice
from svqa.models.minilm import MiniLM
from svqa.records import Evidence, Question

DOG = ("a dog sits", "a dog jumps", "a boy throws a ball", "a dog eats a bone", "a dog sleeps")
BAND = ("a man smiles", "a man strums the strings of a guitar", "the crowd smiles and claps")
COOK = ("a woman smiles", "a woman cuts an onion", "she fries the onion in a pan")
HERE, RARE = (BACKGROUND_NAMES.index(n) for n in (BACKGROUND_NAMES[2], BACKGROUND_NAMES[3]))


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM.from_pretrained()


def lines_of(texts: tuple[str, ...], encoder: MiniLM) -> Lines:
    passages = [Evidence("v", "v", t, t + 1.0, 0.0, "caption", s) for t, s in enumerate(texts)]
    return read_passages(passages, encoder)


def traits_of(texts: tuple[str, ...], asked: str, options: list[str], e: MiniLM) -> OptionTraits:
    return option_traits(asked, options, read_video(lines_of(texts, e), e), e)


def test_features_follow_the_options_wherever_they_stand(encoder):
    options = ["sleep", "jump", "eat the bone", "swim", "fly away"]
    asked = "what does the dog do after the boy throws a ball"
    found = traits_of(DOG, asked, options, encoder)
    assert found.values.shape == (5, len(NAMES)) and len(set(NAMES)) == len(NAMES)
    turned = traits_of(DOG, asked, options[::-1], encoder)
    assert turned.values[::-1] == pytest.approx(found.values, abs=1e-4)
    for name in ("words found in the lines", "most of its words in one line"):
        column = found.values[:, NAMES.index(name)]
        assert column[:3] == pytest.approx([1, 1, 1]) and column[3] == 0, name
    near = found.values[:, NAMES.index("its words' nearness to words of the lines, mean")]
    assert near[:3].min() > near[3:].max()


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        ("why did the boy pick up the ball", "the boy pick up the ball"),
        ("how many dogs are there", "dogs are there"),
        ("what is the girl doing", "the girl"),
    ],
)
def test_a_statement_is_a_question_that_no_longer_asks(asked, stated):
    assert statement(asked) == stated


def test_an_event_is_before_during_and_after(encoder):
    weight = event_weights(lines_of(DOG, encoder), "the boy throws a ball", encoder)
    assert weight["while"].argmax() == 2
    assert weight["after"][4] > 0.9 > 0.1 > weight["after"][0]
    assert weight["before"][0] > 0.9 > 0.1 > weight["before"][4]


def test_what_every_video_shows_counts_for_less_than_what_this_one_shows(encoder):
    options = ["smiles", "strums the strings"]
    videos = [read_video(lines_of(texts, encoder), encoder) for texts in (BAND, COOK, DOG)]
    told = option_traits("what does the man do", options, videos[0], encoder)
    background = read_background([told], [0], videos)
    found = background.features(np.ones(3, bool))
    assert found.shape == (1, 2, len(BACKGROUND_NAMES))
    assert found[0, 1, HERE] > found[0, 0, HERE] and found[0, 1, RARE] > found[0, 0, RARE]
    # slow and plain: a log of how much better this video fits than the others do on average
    fits = [np.sort(v.beyond @ told.directions[2, 1])[-5:].mean() for v in videos]
    odds = np.exp((np.array(fits[1:]) - fits[0]) / 0.05).mean()
    assert found[0, 1, HERE] == pytest.approx(-np.log(odds), abs=1e-3)


def test_a_video_that_is_not_known_is_no_background_and_nobody_is_his_own(encoder):
    videos = [read_video(lines_of(texts, encoder), encoder) for texts in (BAND, COOK, DOG)]
    told = option_traits("what does she do", ["cuts an onion", "smiles"], videos[1], encoder)
    background = read_background([told], [1], videos)
    without_band = background.features(np.array([False, True, True]))
    assert background.features(np.array([False, False, True])) == pytest.approx(without_band)
    other = read_background([told], [1], [videos[2], videos[1], videos[2]])
    assert other.features(np.array([False, True, True])) == pytest.approx(without_band)
    assert background.features(np.ones(3, bool)) != pytest.approx(without_band)


def test_trained_picks_learn_from_other_videos_and_never_from_their_own(encoder):
    """Right is what the captions say; where one fold's answers are changed, its picks are not."""
    acts = "jumps sleeps swims cooks sings dances reads paints climbs drives".split()
    choices, captions = [], {}
    for v, act in enumerate(acts):
        video = f"v{v:02d}"
        captions[video] = [Evidence(video, video, 0, 1, 0.0, "caption", f"a man {act} outside")]
        for q in range(2):
            options = tuple(acts[(v - (3 * v + 2 * q) % 5 + k) % len(acts)] for k in range(5))
            asked = Question("what does the man do", options, video, (act,), type="DO")
            choices.append(Choice(asked, options.index(act)))
    picks, penalties = trained_picks(choices, captions, encoder, shuffles=3)
    right = np.array([c.right for c in choices])
    assert (picks[TRAINED] == right).mean() > 0.9 and len(penalties) == FOLDS
    assert picks[SHUFFLED].shape == (3, 20) and not np.array_equal(*picks[SHUFFLED][:2])
    assert (picks[SHUFFLED] == right).mean() < 0.6
    held = folds_by_video([c.question.video for c in choices], FOLDS, seed=0) == 1
    wrong = [
        Choice(c.question, (c.right + 1) % 5) if h else c
        for c, h in zip(choices, held, strict=True)
    ]
    again, _ = trained_picks(wrong, captions, encoder, shuffles=2)
    for name in set(picks) - {SHUFFLED}:  # there a video's answers are other videos'
        assert np.array_equal(picks[name][held], again[name][held]), name
