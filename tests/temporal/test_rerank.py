"""Temporal re-ranking: company counts, strangers do not.

The fast sums equal the slow ones, the parts add up.
"""

from dataclasses import replace

import numpy as np
import pytest

from svqa.records import Evidence
from svqa.temporal import coherence, fit_prior, rerank_with_question, rerank_with_temporal_coherence


def evidence(score, t_s, video="a", **more):
    return Evidence(video, f"{video}.mp4", t_s, t_s + 1, score, "visual", **more)


def test_coherence_fast_equals_slow():
    rng = np.random.default_rng(0)
    scores, t_s, group = rng.normal(size=50), rng.uniform(0, 60, 50), rng.integers(0, 3, 50)
    near = np.exp(-np.abs(t_s[:, None] - t_s) / 2.0) * (group[:, None] == group) * (1 - np.eye(50))
    np.testing.assert_allclose(
        coherence(scores, t_s, groups=group.tolist()),
        near @ scores / (1 + near.sum(axis=1)),
        atol=1e-12,
    )


def test_a_cluster_passes_a_lone_peak():
    results = [("lone", 1.0), ("a", 0.95), ("b", 0.94), ("far", 0.0)]
    order = [item for item, _ in rerank_with_temporal_coherence(results, [90.0, 5.0, 6.0, 40.0])]
    assert order[-1] == "far" and order.index("lone") == 2
    kept = rerank_with_temporal_coherence(results, [90.0, 5.0, 6.0, 40.0], coherence_weight=0.0)
    assert [item for item, _ in kept] == ["lone", "a", "b", "far"]


def test_other_videos_are_no_company():
    together = [evidence(1.0, 50.0), evidence(0.9, 5.0), evidence(0.9, 6.0), evidence(0.0, 90.0)]
    apart = [
        evidence(1.0, 50.0),
        evidence(0.9, 5.0),
        evidence(0.9, 6.0, video="b"),
        evidence(0.0, 90.0),
    ]
    times = [50.0, 5.0, 6.0, 90.0]
    assert rerank_with_temporal_coherence(together, times, 0.4)[0].start_s in (5.0, 6.0)
    assert rerank_with_temporal_coherence(apart, times, 0.4)[0].start_s == 50.0


def test_what_comes_in_comes_out_with_its_parts():
    one = rerank_with_temporal_coherence(
        [evidence(2.0, 1.0, parts={"bm25": 2.0}), evidence(1.0, 2.0)], [1.0, 2.0]
    )[0]
    assert isinstance(one, Evidence) and set(one.parts) == {"bm25", "content", "coherence"}
    assert one.score == pytest.approx(0.8 * one.parts["content"] + 0.2 * one.parts["coherence"])
    row = rerank_with_temporal_coherence(
        [{"score": 2.0, "id": 7}, {"score": 1.0, "id": 8}], [1.0, 2.0]
    )[0]
    assert row["id"] == 7 and set(row["parts"]) == {"content", "coherence"}
    given = {"score": 2.0}
    rerank_with_temporal_coherence([given], [1.0])
    assert given == {"score": 2.0}  # the caller's own row is not touched
    assert rerank_with_temporal_coherence([], []) == []


def test_wrong_requests_teach():
    with pytest.raises(ValueError, match="coherence_weight"):
        rerank_with_temporal_coherence([("a", 1.0)], [0.0], 1.5)
    with pytest.raises(ValueError, match="one a result"):
        rerank_with_temporal_coherence([("a", 1.0)], [0.0, 1.0])
    with pytest.raises(ValueError, match="mapping with a 'score'"):
        rerank_with_temporal_coherence(["a"], [0.0])


def test_the_question_the_neighbours_and_the_content_add_up():
    prior = fit_prior(
        ["x at the end"] * 9 + ["x at the start"] * 9,
        [60.0] * 18,
        [[(50.0, 58.0)]] * 9 + [[(2.0, 9.0)]] * 9,
    )
    results = [evidence(0.5, 5.0), evidence(0.5, 54.0), evidence(0.4, 30.0)]
    for words, first_s in (("what happens at the end", 54.0), ("what happens at the start", 5.0)):
        best = rerank_with_question(results, words, {"a": 60.0}, prior=prior)[0]
        assert best.start_s == first_s
        assert best.score == pytest.approx(
            sum(best.parts[name] for name in ("content", "coherence", "prior"))
        )
    with pytest.raises(ValueError, match="seconds of every video"):
        rerank_with_question(results, "what", {}, prior=prior)


def test_moments_of_another_video_lend_nothing_whatever_their_second():
    assert coherence([1.0, 0.5, 0.0], [5.0, 5.0, 5.5], groups=["a", "b", "c"]).tolist() == [0, 0, 0]
    results = [evidence(0.9, 5.0), evidence(0.1, 5.0, "b"), evidence(0.5, 40.0, "b")]
    prior = fit_prior(["x"], [60.0], [[(0.0, 60.0)]])
    weighed = rerank_with_question(results, "what", {"a": 60.0, "b": 60.0}, prior=prior)
    assert all(abs(e.parts["coherence"]) < 1e-6 for e in weighed)


def test_a_moment_lies_where_its_middle_does():
    """A passage from 40 to 60 s is about the end, though it begins well before it."""
    prior = fit_prior(
        ["x at the end"] * 9 + ["x at the start"] * 9,
        [60.0] * 18,
        [[(49.0, 59.0)]] * 9 + [[(2.0, 9.0)]] * 9,
    )
    long = Evidence("a", "a.mp4", 40.0, 60.0, 0.5, "caption")
    short = Evidence("a", "a.mp4", 43.0, 44.0, 0.5, "caption")
    best = rerank_with_question([short, long], "what is at the end", {"a": 60.0}, prior=prior)[0]
    assert best == replace(best, start_s=40.0, end_s=60.0)
