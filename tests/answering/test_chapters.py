"""A film is told in parts: what lasts in each, in order, without what one look got wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from svqa.answering.citations import chapters_of
from svqa.answering.sentence_scoring import read_passages
from svqa.models import MiniLM
from svqa.records import Evidence


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM.from_pretrained()


def seen(thing: str, start_s: float, end_s: float) -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, 0.9, "visual", thing)


def words(kind: str, text: str, start_s: float, end_s: float) -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, 0.0, kind, text)


def told(encoder, things, passages=()) -> list[tuple[float, float, str]]:
    found = chapters_of(read_passages(passages, encoder), things)
    return [(c.start_s, c.end_s, c.text) for c in found]


def test_parts_begin_where_other_things_are_seen(encoder):
    things = [seen("dog", 0, 10), seen("car", 10, 20), seen("person", 10, 18)]
    assert told(encoder, things) == [(0, 10, "a dog"), (10, 20, "a car and a person")]


def test_what_one_look_shows_is_not_told(encoder):
    assert told(encoder, [seen("dog", 0, 5), seen("tie", 4, 4.5)]) == [(0, 5, "a dog")]
    assert told(encoder, [seen("dog", 0, 5), seen("tie", 3, 4.5)]) == [(0, 5, "a dog and a tie")]


def test_the_last_moment_is_no_part_of_its_own(encoder):
    assert told(encoder, [seen("dog", 0, 10.2)]) == [(0, 10.2, "a dog")]
    assert told(encoder, [seen("dog", 0, 0.4), seen("cat", 0, 0.4)]) == []


def test_a_long_film_has_five_parts_at_most(encoder):
    things = [seen(f"thing{i}", 5 * i, 5 * i + 5) for i in range(12)]
    parts = told(encoder, things)
    assert len(parts) == 5 and parts[0][0] == 0 and parts[-1][1] == 60
    assert all(a[1] == b[0] for a, b in pairwise(parts))


def test_text_and_speech_are_told_where_they_are(encoder):
    passages = [
        words("text", "Exit", 0, 10),
        words("speech", "We leave at nine.", 6, 8),
        words("caption", "A man waits.", 0, 5),
    ]
    (first,) = told(encoder, [seen("person", 0, 10)], passages)
    assert first == (0, 10, 'a person; text: "Exit"; said: "We leave at nine."')
    (alone,) = told(encoder, [], [words("caption", "A man waits.", 0, 5)])
    assert alone == (0, 5, "A man waits")
    assert told(encoder, []) == []
