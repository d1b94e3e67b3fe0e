"""The table of question words: what it counts, what it says, that it survives a file."""

import numpy as np
import pytest

from svqa.temporal import Prior, bucket_of, fit_prior, load_prior, save_prior, without_time_words


@pytest.fixture
def prior():
    rng = np.random.default_rng(0)
    questions, durations_s, spans = [], [], []
    for i in range(120):
        duration_s = float(rng.uniform(20, 90))
        words, centre = [("at the end", 0.95), ("at the beginning", 0.05), ("while he sits", 0.5)][
            i % 3
        ]
        start_s = np.clip(centre * duration_s - 3 + rng.normal(), 0, duration_s - 6)
        questions.append(f"what does he do {words}")
        durations_s.append(duration_s)
        spans.append([(float(start_s), float(start_s) + 6)])
    return fit_prior(questions, durations_s, spans, provenance={"fitted on": "made up"})


@pytest.mark.parametrize(
    "question, bucket",
    [
        ("What happens at the end of the video?", ("end", "-")),
        ("why did she smile after he first fell", ("beginning", "after")),
        ("what did the dog do before the man came in the middle", ("middle", "before")),
        ("How does the boy react when the lady speaks", ("-", "while")),
        ("why is the bending man lasting", ("-", "-")),  # words, not parts of words
    ],
)
def test_buckets(question, bucket):
    assert bucket_of(question) == bucket


@pytest.mark.parametrize(
    "question, plain",
    [
        ("what does he do near the end of the video", "what does he do"),
        ("why did the boy stop halfway through the video", "why did the boy stop"),
        ("what did she do at the start", "what did she do"),
        ("the end", "the end"),  # nothing else was said: keep it
        ("why is the baby smiling", "why is the baby smiling"),
    ],
)
def test_without_time_words(question, plain):
    assert without_time_words(question) == plain


def test_words_move_the_density(prior):
    t_s = np.arange(0.5, 60)
    early, late = (
        prior.density(f"what does he do at the {w}", 60.0, t_s) for w in ("beginning", "end")
    )
    assert early[:6].mean() > 3 * early[-6:].mean() and late[-6:].mean() > 3 * late[:6].mean()
    assert early.mean() == pytest.approx(1, abs=0.15)


def test_spans_lie_in_the_video_and_weights_are_shares(prior):
    for duration_s in (0.5, 7.0, 3600.0):
        spans, weights = prior.spans("what is at the end", duration_s)
        assert weights.sum() == pytest.approx(1)
        assert (
            spans.min() >= 0
            and spans.max() <= duration_s + 1e-9
            and np.all(np.diff(spans, axis=1) > 0)
        )
    with pytest.raises(ValueError, match="duration_s"):
        prior.spans("what", 0.0)


def test_moments_grow_slower_than_videos(prior):
    def mean_s(duration_s):
        spans, weights = prior.spans("what does he do while he sits", duration_s)
        return float(np.diff(spans, axis=1).ravel() @ weights)

    assert mean_s(120.0) == pytest.approx(2 * mean_s(30.0), rel=0.01)  # (120 / 30) ^ 0.5


def test_a_bucket_never_seen_borrows_from_its_neighbours(prior):
    spans, weights = prior.spans("what happened before at the end", 60.0)
    assert np.isfinite(weights).all() and spans[weights.argmax(), 1] > 50


def test_a_question_with_many_spans_counts_once():
    many = fit_prior(["a", "b"], [30.0, 30.0], [[(0, 3), (10, 13), (20, 23)], [(5, 9)]])
    assert sum(c.sum() for c in many.counts.values()) == pytest.approx(2)


def test_it_survives_a_file(prior, tmp_path):
    save_prior(prior, tmp_path / "prior.json")
    again = load_prior(tmp_path / "prior.json")
    for question in ("what at the end", "why"):
        for a, b in zip(prior.spans(question, 47.0), again.spans(question, 47.0), strict=True):
            np.testing.assert_allclose(a, b, atol=0.03)
    assert again.provenance == {"fitted on": "made up"}


def test_the_shipped_table_says_what_it_was_fitted_on_and_what_anyone_would_expect():
    shipped = load_prior()
    assert isinstance(shipped, Prior) and "NExT-GQA" in str(shipped.provenance["fitted on"])

    def middle(words):
        spans, weights = shipped.spans(f"what does the man do {words}", 60.0)
        return float(spans.mean(axis=1) @ weights)

    assert middle("at the beginning") < 20 < middle("in the middle") < 40 < middle("at the end")
    assert middle("before he sits") < middle("after he sits")


def test_no_questions_are_refused():
    with pytest.raises(ValueError, match="at least one question"):
        fit_prior([], [], [])
